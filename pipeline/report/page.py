"""The frame of every page: a template environment in which nothing from a document can act, and no page can call out.

Each value is made :func:`~pipeline.report.text.visible` and then escaped, wherever a template prints it. Style and
script are inline; the page's own policy allows these two by their hash and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote as percent_encoded

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.compiler import CodeGenerator, Frame
from jinja2.nodes import Expr
from markupsafe import Markup, escape

from pipeline import __version__
from pipeline.kinds.terms import item_name, law_name, name_of
from pipeline.lang import Lang, language
from pipeline.report import words
from pipeline.report.clock import minute, minute_and_zone
from pipeline.report.pictures import crops
from pipeline.report.text import clause_name, explained, readable, told, values_in, visible
from pipeline.report.view import folded
from pipeline.types import Evidence, Finding

TEMPLATES = Path(__file__).with_name("templates")
_WORDS_KEPT = 4096
_CHINESE = re.compile("[\u3400-\u9fff]")
_IS_CHINESE, _NOTHING, _MARK, _UNMARK = map(Markup, (' lang="zh-CN"', "", "<mark>", "</mark>"))
_HTML_LANG: dict[Lang, str] = {"zh": "zh-CN", "en": "en"}


def render(template: str, *, clean: Callable[[str], str] = visible, **values: object) -> str:
    """One page, in the current language; ``clean`` is what every text goes through before it is escaped.

    Raises where a template and its values disagree.
    """
    current = language()
    common = {"w": _words(current), "lang": _HTML_LANG[current]}
    return environment(clean).get_template(template).render(_frame() | common | values)


@cache
def _words(lang: Lang) -> SimpleNamespace:
    """The words of all pages in ``lang``, the current language. No mapping: Jinja looks for attributes first."""
    return SimpleNamespace(**{key: str(text) for key, text in words.WORDS.items()})


def href(name: str) -> Markup:
    """A link to a file beside the page."""
    return Markup("./" + percent_encoded(name))


@cache
def environment(clean: Callable[[str], str]) -> Environment:
    """Templates whose every printed text goes through ``clean`` and, in HTML, is then escaped."""
    made = _Environment(clean)
    made.filters.update(_filters(clean))
    return made


class _Printing(CodeGenerator):
    """Prints a value on a page by one call of ours, where Jinja makes two and an object: most values are words that
    many reports print."""

    def _output_child_pre(self, node: Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.autoescape:
            self.write("environment.printed(")
        else:
            super()._output_child_pre(node, frame, finalize)

    def _output_child_post(self, node: Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.autoescape:
            self.write(")")
        else:
            super()._output_child_post(node, frame, finalize)


class _Environment(Environment):
    code_generator_class = _Printing

    def __init__(self, clean: Callable[[str], str]) -> None:
        @lru_cache(_WORDS_KEPT)
        def escaped(text: str) -> str:
            return str(escape(clean(text)))

        def finalize(value: object) -> object:
            return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value

        def printed(value: object) -> str:
            if type(value) is str:
                return escaped(value)
            return value if isinstance(value, Markup) else escape(finalize(value))

        self.printed = printed
        super().__init__(
            loader=FileSystemLoader(TEMPLATES),
            undefined=StrictUndefined,
            autoescape=lambda name: not (name or "").endswith(".md.j2"),
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            finalize=finalize,
        )


@cache
def _frame() -> dict[str, object]:
    """What is the same on every page."""
    css, js = (Markup((TEMPLATES / name).read_text(encoding="utf-8")) for name in ("report.css", "report.js"))
    policy = f"default-src 'none'; img-src 'self'; style-src {_hash_of(css)}; script-src {_hash_of(js)}"
    return {
        "css": css,
        "js": js,
        "policy": f"{policy}; base-uri 'none'; form-action 'none'",
        "version": __version__,
    }


def _hash_of(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def _filters(clean: Callable[[str], str]) -> dict[str, Callable[..., Any]]:
    def marked(quote: str, value: str) -> Markup:
        return _marked(clean(quote), clean(value))

    @lru_cache(_WORDS_KEPT)
    def item_of(name: str, code: str, lang: Lang) -> Markup:
        about = escape(clean(name))
        if foreign := _lang(name):
            about = Markup(f"<span{foreign}>{about}</span>")
        if name != code:
            about += Markup(' <span class="original" lang="zh-CN">{}</span>').format(clean(code))
        return about

    @lru_cache(_WORDS_KEPT)
    def place_of(page: int | None, section: str, match: str, lang: Lang) -> Markup:
        told = Markup('<span class="match {}">{}</span>').format(match, words.in_words(words.MATCH, match))
        if section:
            name = clause_name(section)
            told = Markup('<span class="section"{}>{}</span> ').format(_lang(name), clean(name)) + told
        if page is not None:
            told = Markup('<span class="page">{}</span> ').format(_fill(str(words.WORDS["page"]), page)) + told
        return told

    def item(finding: Finding) -> Markup:
        """What a finding is about, and what it is called in the document's language."""
        return item_of(name_of(finding), finding.item, language())

    def place(evidence: Evidence) -> Markup:
        """Where a quote stands, and how it was found."""
        return place_of(evidence.page, evidence.section, evidence.match, language())

    return {
        "marked": marked,
        "fill": _fill,
        "lang": _lang,
        "minute": minute,
        "minute_and_zone": minute_and_zone,
        "readable": readable,
        "number": _number,
        "numbers": _numbers,
        "duration": _duration,
        "pages_of": _pages_of,
        "paragraphs": _paragraphs,
        "after_dot": _after_dot,
        "explained": explained,
        "clause_name": clause_name,
        "crops": crops,
        "place": place,
        "item": item,
        "folded": folded,
        "named": _named_field,
        "item_name": item_name,
        "name": name_of,
        "told": told,
        "law_name": law_name,
        "category": _named(words.CATEGORY),
        "severity": _named(words.SEVERITY),
        "status": _named(words.STATUS),
        "ruling": _named(words.RULING),
        "source": _named(words.SOURCE),
        "match": _named(words.MATCH),
        "kind": _named(words.KIND),
        "strategy": _named(words.STRATEGY),
        "error_name": _named(words.ERROR),
        "contract_type": words.type_name,
        "pack_name": words.pack_name,
    }


def _named_field(text: str, field: str) -> str:
    """A field of a finding as people read it."""
    return words.in_words(words.SEVERITY, text) if field == "severity" else told(text)


def _named(table: Any) -> Callable[[str], str]:
    return lambda code: words.in_words(table, code)


def _marked(quote: str, value: str) -> Markup:
    """The quote, with the value marked where it stands in it."""
    parts: list[str] = []
    done = 0
    for start, end in values_in(value, quote):
        parts += [escape(quote[done:start]), _MARK, escape(quote[start:end]), _UNMARK]
        done = end
    return Markup("".join([*parts, escape(quote[done:])]))


def _fill(pattern: str, value: object) -> str:
    return pattern.replace("{}", str(value))


def _lang(text: str) -> Markup:
    """`` lang="zh-CN"`` for Chinese text on a page in English, so that it is read aloud and set as such."""
    return _IS_CHINESE if language() != "zh" and _CHINESE.search(text) else _NOTHING


def _number(count: int) -> str:
    return f"{count:,}"


def _numbers(numbers: Sequence[int]) -> str:
    """Numbers in a row, runs of three or more as ranges: ``3, 5-9``."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    shown = [f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return ("、" if language() == "zh" else ", ").join(shown)


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"


def _pages_of(evidence: Iterable[Evidence]) -> str:
    pages = _numbers(sorted({e.page for e in evidence if e.page is not None}))
    return _fill(str(words.WORDS["page"]), pages) if pages else str(words.WORDS["no_quote"])


def _paragraphs(text: str) -> list[str]:
    return [line for part in text.splitlines() if (line := part.strip())]


def _after_dot(item: str) -> str:
    return item.partition("·")[2]
