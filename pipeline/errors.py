"""What can go wrong, and what it means for the batch and for the exit code.

::

    LongdocError                  carries cause and remedy, in Chinese and English
    ├── PipelineError             one document is bad: recorded, the batch goes on          exit 1
    │   ├── InputError            the path: missing, a directory without PDFs, unreadable
    │   ├── ReadError             the bytes: not a PDF, cut, encrypted, a bomb, no pages
    │   │   └── NoTextError       pages without a text layer, and no OCR
    │   ├── PromptTooLongError    a request that can't fit the model's context
    │   │   └── CutPromptError    the server read a part of it and answered as if it were all
    │   ├── CutAnswerError        the model stopped at its token limit, however small the part
    │   ├── BadAnswerError        the model's answer is not what the schema asked for
    │   ├── RequestError          the engine refused or lost this one request, after bounded retries
    │   └── InternalError         a bug of ours that this document brought out
    ├── UsageError                the call itself makes no sense                             exit 2
    ├── SettingsError             a setting, a model folder, a database that can't be used   exit 3
    └── EngineError               the engine as a whole is dead or out of reach              exit 4
        └── EngineDiedError       it died or hangs, but can be loaded again

Caught once per document, in ``run``; there a bug becomes that document's ``InternalError``. Everywhere else anything
outside this tree crashes.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

from pipeline.lang import Text


def adding(extra: str) -> Text:
    """The remedy where an extra is missing: the command that adds it to this installation, checkout or package."""
    root = Path(__file__).parents[1]
    what = f"-e '{root}[{extra}]'" if (root / "pyproject.toml").is_file() else f"'longdoc[{extra}]'"
    command = f"{sys.executable} -m pip install {what}"
    return Text(f"请安装附加包 longdoc[{extra}]：{command}", f"install the extra longdoc[{extra}]: {command}")


class LongdocError(Exception):
    """An error that a user can act on.

    ``cause`` names the thing and what is wrong with its value; ``remedy`` says what to do.
    Neither holds document text: both go to logs and to the database.
    """

    exit_code = 1

    def __init__(self, cause: Text, remedy: Text) -> None:
        super().__init__(cause, remedy)
        self.cause = cause
        self.remedy = remedy

    def __str__(self) -> str:
        return str(Text(f"{self.cause.zh}。{self.remedy.zh}", f"{self.cause.en}. {self.remedy.en}"))


class PipelineError(LongdocError):
    """This document is bad: record it, step over it.

    ``rejected_keys`` name the journaled completions that led here: the next run asks those again.
    """

    rejected_keys: tuple[str, ...] = ()


class InputError(PipelineError):
    """A path that gives no bytes: missing, a directory without PDFs, unreadable."""

    def __init__(self, cause: Text, remedy: Text, path: Path = Path()) -> None:
        super().__init__(cause, remedy)
        self.path = path


class ReadError(PipelineError):
    """Bytes that give no document: not a PDF, cut, encrypted, past a limit, without pages."""


class NoTextError(ReadError):
    """Pages without a usable text layer, and no OCR to read them."""


class PromptTooLongError(PipelineError):
    """A request whose prompt and answer can't fit the model's context."""


class CutPromptError(PromptTooLongError):
    """A request of which the server read a part only, and answered as if that were all."""


class CutAnswerError(PipelineError):
    """An answer that ends at its token limit even for the smallest part."""


class BadAnswerError(PipelineError):
    """An answer that is no valid instance of its schema, after the bounded retries."""


class RequestError(PipelineError):
    """One request that the engine refused or lost, after the bounded retries."""


class InternalError(PipelineError):
    """A bug of ours that one document brought out: it ends that document, not the night's batch."""

    @classmethod
    def of(cls, bug: Exception) -> InternalError:
        """Name the place, never the message: that may quote the document."""
        frames = traceback.extract_tb(bug.__traceback__)
        place = next((f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames) if "pipeline" in f.filename), "?")
        what = f"{type(bug).__name__} @ {place}"
        return cls(
            Text(f"程序内部错误 {what}", f"internal error {what}"),
            Text(
                "这是 longdoc 的缺陷，请把这一行报告给维护者", "a bug of longdoc: report this line to its maintainers"
            ),
        )


class UsageError(LongdocError):
    """The call makes no sense as typed."""

    exit_code = 2


class SettingsError(LongdocError):
    """A setting, model folder or database that can't be used."""

    exit_code = 3


class EngineError(LongdocError):
    """The engine as a whole is dead or out of reach: no request of any document can succeed."""

    exit_code = 4


class EngineDiedError(EngineError):
    """The engine died or hangs under the requests that it has; another can be loaded in its place."""
