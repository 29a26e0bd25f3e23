"""What somebody knows of a document: ``NAME.gold.json`` beside ``NAME.pdf``; docs/evaluation.md tells the format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import UsageError
from pipeline.lang import Text


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Party(_Strict):
    role: str
    name: str
    credit_code: str | None = None
    address: str | None = None


class Term(_Strict):
    start: str | None = None
    end: str | None = None
    length: str | None = None


class Forum(_Strict):
    kind: Literal["仲裁", "诉讼"]
    where: str


class Metric(_Strict):
    name: str
    value: Decimal
    unit: str
    period: str | None


class Fields(_Strict):
    """What is left out is not scored; null or an empty list says that there is none."""

    title: str | None = None
    contract_number: str | None = None
    parties: tuple[Party, ...] | None = None
    amounts: tuple[Decimal, ...] | None = None
    """Every distinct sum of money in the text, in yuan."""
    amounts_in_tables: tuple[Decimal, ...] = ()
    """Those of them that stand only as bare figures in a table whose head names the unit."""
    dates: tuple[str, ...] | None = None
    """Every distinct full date in the text, ``YYYY-MM-DD``."""
    term: Term | None = None
    forum: Forum | None = None
    penalties: tuple[str, ...] | None = None
    """``0.05%/日``, ``20%``, ``50000.00元``."""
    payments: tuple[str, ...] | None = None
    company: str | None = None
    period: str | None = None
    metrics: tuple[Metric, ...] | None = None


class Place(_Strict):
    quote: str
    page: int | None = None


class Defect(_Strict):
    """Something wrong with the document. Without a quote it is a clause that is missing."""

    code: str
    quote: str | None = None
    page: int | None = None
    clause: str | None = None
    other: Place | None = None
    """The second place of a contradiction."""
    note: str = ""


class Citation(_Strict):
    """Where a value of a field stands."""

    field: str
    value: str
    quote: str
    page: int


class Judged(_Strict):
    """A finding on which a person has decided: wanted, or never to be told again."""

    category: str
    item: str
    value: str = ""
    quote: str = ""


class Gold(_Strict):
    """All that is known of one document."""

    file: str
    kind: Literal["contract", "report"]
    type: str = ""
    pages: int | None = None
    fields: Fields = Fields()
    defects: tuple[Defect, ...] | None = None
    """None: nobody looked; empty: there is none."""
    citations: tuple[Citation, ...] = ()
    wanted: tuple[Judged, ...] = ()
    rejected: tuple[Judged, ...] = ()


@dataclass(frozen=True, slots=True)
class GoldDocument:
    """A document and what is known of it."""

    path: Path
    gold: Gold


def load_gold(folder: Path) -> Sequence[GoldDocument]:
    """Every gold file under ``folder``, by name. Raises UsageError for a folder without, and for a wrong file."""
    files = sorted(folder.rglob("*.gold.json")) if folder.is_dir() else []
    if not files:
        raise UsageError(
            Text(f"{folder} 里没有 NAME.gold.json", f"no NAME.gold.json under {folder}"),
            Text(
                "标准答案与文件放在一起，格式见 docs/evaluation.md",
                "gold stands beside its document; docs/evaluation.md tells the format",
            ),
        )
    return [_load(file) for file in files]


def _load(file: Path) -> GoldDocument:
    try:
        gold = Gold.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "-"
        raise _wrong(file, Text(f"{where}：{first['msg']}", f"{where}: {first['msg']}")) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _wrong(file, Text(reason, reason)) from None
    path = file.parent / gold.file
    if path.parent != file.parent or not path.is_file():
        raise _wrong(file, Text(f"旁边没有文件 {gold.file}", f"there is no {gold.file} beside it"))
    return GoldDocument(path, gold)


def _wrong(file: Path, reason: Text) -> UsageError:
    return UsageError(
        Text(f"{file} 不能用：{reason.zh}", f"{file} can't be used: {reason.en}"),
        Text("请改正，格式见 docs/evaluation.md", "mend it; docs/evaluation.md tells the format"),
    )
