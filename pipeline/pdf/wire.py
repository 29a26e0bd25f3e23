"""Frames between the reading processes: a length (8 bytes, big-endian), then JSON. Never pickle: whoever subverts a
PDF parser must not reach the parent. Arrays travel as base64.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import struct
from array import array
from typing import BinaryIO

MAX_FRAME = 512 << 20
_LENGTH = struct.Struct(">Q")
HEADER_BYTES = _LENGTH.size

ACKNOWLEDGED = bytes(HEADER_BYTES)
"""An empty frame: the request has arrived. A process that dies before this did not die of the request."""

Message = dict[str, object]


class WireError(Exception):
    """A frame that is none: too long, cut, or not a JSON object."""


def encode(message: Message) -> bytes:
    """A message as one frame."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return _LENGTH.pack(len(body)) + body


def body_length(header: bytes) -> int:
    """The length that a frame's header tells; WireError if it is past the bound."""
    (length,) = _LENGTH.unpack(header)
    if length > MAX_FRAME:
        raise WireError(f"a frame of {length} bytes")
    return length


def decode(body: bytes) -> Message:
    """The message in a frame's body."""
    try:
        message: object = json.loads(body.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise WireError(str(error)) from None
    if not isinstance(message, dict):
        raise WireError("not an object")
    return message  # pyright: ignore[reportUnknownVariableType]  # JSON objects have text keys


def receive(stream: BinaryIO) -> Message | None:
    """The next message of a blocking stream; None at its end."""
    header = stream.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES:
        return None
    length = body_length(header)
    body = stream.read(length)
    return decode(body) if len(body) == length else None


def send(stream: BinaryIO, message: Message) -> None:
    """Write a message to a blocking stream."""
    stream.write(encode(message))
    stream.flush()


def pack(values: array[int] | array[float]) -> str:
    """Numbers as base64 (both ends run on one machine: native byte order)."""
    return base64.b64encode(values.tobytes()).decode("ascii")


def unpack_integers(text: str) -> array[int]:
    """The 32-bit integers of :func:`pack`; WireError if the text is none of its."""
    values = array("i")
    values.frombytes(_unpacked(text, values.itemsize))
    return values


def unpack_floats(text: str) -> array[float]:
    """The 32-bit floats of :func:`pack`, all finite; WireError if the text is none of its."""
    values = array("f")
    values.frombytes(_unpacked(text, values.itemsize))
    if not math.isfinite(sum(values)):
        raise WireError("not finite")
    return values


def _unpacked(text: str, itemsize: int) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise WireError(str(error)) from None
    if len(raw) % itemsize:
        raise WireError("cut")
    return raw
