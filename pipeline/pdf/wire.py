"""Frames between the reading processes: a length (8 bytes, big-endian), then JSON, then a NUL and the bytes of the
arrays, if any. Never pickle: whoever subverts a PDF parser must not reach the parent.

In the JSON an array is the two ends of its bytes; :func:`integers` and :func:`floats` take it from the message.
"""

from __future__ import annotations

import json
import math
import struct
import sys
from array import array
from typing import Any, BinaryIO, cast

MAX_FRAME = 512 << 20
_LENGTH = struct.Struct(">Q")
HEADER_BYTES = _LENGTH.size

ACKNOWLEDGED = bytes(HEADER_BYTES)
"""An empty frame: the request has arrived. A process that dies before this did not die of the request."""

_ARRAYS = "\0"
"""Where a decoded message keeps the bytes of its arrays; no JSON of ours has such a key."""

Message = dict[str, object]


class WireError(Exception):
    """A frame that is none: too long, cut, or not a JSON object."""


def encode(message: Message) -> bytes:
    """A message as one frame."""
    parts = [b""]
    size = 0

    def placed(value: object) -> list[int]:
        nonlocal size
        if not isinstance(value, array):
            raise TypeError(type(value).__name__)
        numbers = cast("array[Any]", value).tobytes()  # both ends run on one machine: native byte order
        parts.append(numbers)
        size += len(numbers)
        return [size - len(numbers), size]

    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"), default=placed)
    parts[0] = text.encode("utf-8", "surrogatepass") + b"\0"
    return b"".join([_LENGTH.pack(len(parts[0]) + size), *parts])


def body_length(header: bytes) -> int:
    """The length that a frame's header tells; WireError if it is past the bound."""
    (length,) = _LENGTH.unpack(header)
    if length > MAX_FRAME:
        raise WireError(f"a frame of {length} bytes")
    return length


def decode(body: bytes) -> Message:
    """The message in a frame's body."""
    end = body.find(b"\0")  # JSON escapes NUL
    text = body if end < 0 else body[:end]
    try:
        message: object = json.loads(text.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise WireError(str(error)) from None
    if not isinstance(message, dict):
        raise WireError("not an object")
    found = cast(Message, message)
    found[_ARRAYS] = memoryview(body)[len(text) + 1 :]
    return found


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


def integers(message: Message, ends: object) -> array[int]:
    """The 32-bit integers between these ends of a decoded message; WireError if there are none."""
    values = array("i")
    values.frombytes(_bytes_of(message, ends, values.itemsize))
    return values


def floats(message: Message, ends: object) -> array[float]:
    """The 32-bit floats between these ends, all finite; WireError if there are none."""
    values = array("f")
    values.frombytes(_bytes_of(message, ends, values.itemsize))
    if not are_finite(values):
        raise WireError("not finite")
    return values


def are_finite(values: array[float]) -> bool:
    """Whether there is neither infinity nor NaN among 32-bit floats: only these have all bits of their exponent set,
    of which seven stand in the highest byte."""
    highest = values.tobytes()[3::4] if sys.byteorder == "little" else values.tobytes()[0::4]
    return (b"\x7f" not in highest and b"\xff" not in highest) or math.isfinite(sum(values))


def raw(message: Message, ends: object) -> bytes:
    """The bytes between these ends of a decoded message; WireError if there are none."""
    return bytes(_bytes_of(message, ends, 1))


def _bytes_of(message: Message, ends: object, itemsize: int) -> memoryview:
    numbers = cast(memoryview, message.get(_ARRAYS, memoryview(b"")))
    match ends:
        case [int(start), int(end)] if 0 <= start <= end <= len(numbers) and (end - start) % itemsize == 0:
            return numbers[start:end]
        case _:
            raise WireError("no array")
