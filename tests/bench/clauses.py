"""The clause tree against labels made by hand. ``python tests/bench/clauses.py [--labels FOLDER] [--show]``

A label file is named after its document (``X.tsv`` for ``X.pdf`` or ``X.txt`` of data/samples, ../shared/corpus or the
labels' own folder). Lines: page, class, level, heading, with a TAB between; ``#`` starts a comment, ``# pages 1-14
71-80`` names the only pages that are labelled. A heading is printed in full, or ends with ``…`` where text runs on.
Classes: ``h`` a heading or a clause, ``i`` a numbered item below one, ``o`` neither asked for nor counted as wrong
(the document's own title, provisions that a lecture quotes). Not a test: it asserts nothing.

- precision: of the sections found, those that are labelled; recall: of the headings, those found
- items: of the items below an article or a clause (which are no sections), those that a reference in it (第八条第一项)
  resolves to; where two lists of a clause have the number, the first is asked for
- parents: of the sections that are right, those under the right section; titles: of the headings
  with a title, those whose title is neither cut nor followed by text
"""

from __future__ import annotations

import argparse
import asyncio
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from pipeline.pdf.read import Reader, ReadLimits
from pipeline.split.headings import sections_of
from pipeline.split.resolve import resolve
from pipeline.types import Document, Section

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
FOLDERS = (ROOT / "data" / "samples", CORPUS / "zh", CORPUS / "nasty")


CITED = re.compile(r"第[一二三四五六七八九十百零\d]+条(?:之[一二三四五])?|\d+(?:\.\d+)+")
STOPS = ".:,、"
"""What may stand behind a number or a title and is no part of it."""


@dataclass(frozen=True, slots=True)
class Label:
    page: int
    kind: str
    level: int
    heading: str
    """Without white space."""
    runs_on: bool
    parent: int | None
    """Index of the label that it stands under."""

    def names(self, line: str) -> bool:
        """Whether a line of the document starts with this heading (or is the first line of it)."""
        if not self.runs_on and line and self.heading.startswith(line):
            return len(line) > 2 or line == self.heading
        rest = line.removeprefix(self.heading)
        cut = self.runs_on and self.heading[-1].isdigit() and rest[:1].isdigit()
        return line.startswith(self.heading) and not cut


@dataclass(slots=True)
class Score:
    documents: int = 0
    headings: int = 0
    items: int = 0
    found: int = 0
    """Sections, those labelled ``o`` aside."""
    wrong: int = 0
    headings_found: int = 0
    items_found: int = 0
    references: int = 0
    resolved: int = 0
    parents: int = 0
    titles: int = 0
    titles_asked: int = 0

    def __iadd__(self, other: Score) -> Score:
        return Score(*(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True)))

    def __str__(self) -> str:
        right = self.headings_found + self.items_found
        shares = (
            (self.found - self.wrong, self.found),
            (self.headings_found, self.headings),
            (self.resolved, self.references),
            (self.parents, right),
            (self.titles, self.titles_asked),
        )
        return f"{self.headings:<9}{self.items:<7}{self.found:<7}" + "".join(
            f"{part / whole if whole else 1:<11.3f}" for part, whole in shares
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--labels", type=Path, action="append", help="folders (tests/split/labels if none is named)")
    options.add_argument("--show", action="store_true", help="print what was missed and what was wrong")
    chosen = options.parse_args()
    folders = chosen.labels or [ROOT / "tests" / "split" / "labels"]
    asyncio.run(measure([file for folder in folders for file in sorted(folder.glob("*.tsv"))], show=chosen.show))


async def measure(files: Sequence[Path], *, show: bool) -> None:
    total = Score()
    print("headings items  found  precision  recall     items      parents    titles     document")
    async with Reader(ReadLimits(ocr="off")) as reader:
        for file in files:
            named = [folder / f"{file.stem}{end}" for folder in (*FOLDERS, file.parent) for end in (".pdf", ".txt")]
            path = next((path for path in named if path.is_file()), None)
            if path is None:
                print(f"{file.stem}: no such document here")
                continue
            score, differences = compare(file, await reader.read(path, "0" * 64))
            total += score
            print(score, file.stem[:40])
            for line in differences if show else ():
                print("   ", line)
    print(total, f"{total.documents} documents")


def compare(file: Path, document: Document) -> tuple[Score, list[str]]:
    labels, pages = labels_of(file)
    sections = sections_of(document)
    page_of = [document.page_at(section.span.start) for section in sections]
    label_of: dict[int, int] = {}
    for page in pages or range(1, len(document.pages) + 1):
        here = [at for at, number in enumerate(page_of) if number == page]
        lines = [squeezed(line_at(document.text, sections[at])) for at in here]
        asked = [at for at, label in enumerate(labels) if label.page == page]
        label_of |= {here[b]: asked[a] for a, b in aligned([labels[at] for at in asked], lines)}
    counted = [at for at in range(len(sections)) if not pages or page_of[at] in pages]
    score, differences = Score(documents=1), []
    score.headings = sum(label.kind == "h" for label in labels)
    score.items = sum(label.kind == "i" for label in labels)
    for at in counted:
        differences += judge(score, document.text, sections, at, labels, label_of)
    missed = sorted(set(range(len(labels))) - set(label_of.values()))
    starts = {label: sections[at].span.start for at, label in label_of.items()}
    differences += unresolved(score, replace(document, sections=sections), labels, starts)
    differences += [
        f"missed {x.kind} p{x.page} {x.heading[:60]}{'…' * x.runs_on}" for m in missed if (x := labels[m]).kind == "h"
    ]
    return score, differences


def judge(
    score: Score, text: str, sections: Sequence[Section], at: int, labels: Sequence[Label], label_of: dict[int, int]
) -> Iterable[str]:
    """Counts one section found; yields what is wrong with it."""
    line = line_at(text, sections[at])[:60]
    if at not in label_of:
        score.found += 1
        score.wrong += 1
        yield f"wrong {line}"
        return
    label = labels[label_of[at]]
    if label.kind == "o":
        return
    score.found += 1
    score.headings_found += label.kind == "h"
    score.items_found += label.kind == "i"
    got, want = found_parent(sections, at, labels, label_of), asked_parent(labels, label_of, at)
    score.parents += got == want
    if got != want:
        yield f"parent of p{label.page} {line}: {name(labels, got)}, not {name(labels, want)}"
    got_title, want_title = titles(text, sections[at], label)
    if label.kind == "h" and want_title:
        score.titles_asked += 1
        score.titles += got_title == want_title
        if got_title != want_title:
            yield f"title of p{label.page} {got_title[:70]}, not {want_title[:70]}"


def unresolved(score: Score, document: Document, labels: Sequence[Label], start_of: Mapping[int, int]) -> Iterable[str]:
    """Counts the items that a reference can name; yields those that it does not lead to."""
    asked: set[tuple[int, str]] = set()
    for label in labels:
        above = None if label.parent is None else CITED.match(labels[label.parent].heading)
        number = label.heading.strip("()" + STOPS)
        if label.kind != "i" or label.parent is None or above is None or (label.parent, number) in asked:
            continue
        asked.add((label.parent, number))
        reference = f"{above[0] if above[0][0] == '第' else f'第{above[0]}条'}第({number})项"
        score.references += 1
        starts = [target.span.start for target in resolve(document, reference, start_of.get(label.parent))]
        lines = [squeezed(document.text[at : at + 20]) for at in starts if document.page_at(at) == label.page]
        if any(label.names(line) for line in lines):
            score.resolved += 1
        else:
            yield f"unresolved p{label.page} {reference}"


def titles(text: str, section: Section, label: Label) -> tuple[str, str]:
    """What was found and what is printed: the whole heading; number and title where text runs on after them (nothing
    is asked where the label has the number alone)."""
    if label.runs_on:
        number = squeezed(section.number).rstrip(STOPS)
        alone = len(label.heading.rstrip(STOPS)) <= len(number)
        return (number + squeezed(section.title).strip(STOPS)), ("" if alone else without_stop(label.heading, number))
    heading = squeezed(text[section.heading.start : section.heading.end])
    return heading.rstrip(STOPS), label.heading.rstrip(STOPS)


def without_stop(heading: str, number: str) -> str:
    """``1.Term.`` as ``1Term``."""
    return number + heading.removeprefix(number).strip(STOPS)


def found_parent(sections: Sequence[Section], at: int, labels: Sequence[Label], label_of: dict[int, int]) -> int | None:
    """The label of the section above; -1 for one that no label names."""
    above = sections[at].parent
    while above is not None and above in label_of and labels[label_of[above]].kind == "o":
        above = sections[above].parent
    return None if above is None else label_of.get(above, -1)


def asked_parent(labels: Sequence[Label], label_of: dict[int, int], at: int) -> int | None:
    """The nearest label above that was found: what was missed is counted once, not again for all below it."""
    found = set(label_of.values())
    above = labels[label_of[at]].parent
    while above is not None and (above not in found or labels[above].kind == "o"):
        above = labels[above].parent
    return above


def name(labels: Sequence[Label], at: int | None) -> str:
    return "none" if at is None else "a wrong section" if at < 0 else labels[at].heading[:20]


def aligned(labels: Sequence[Label], lines: Sequence[str]) -> list[tuple[int, int]]:
    """The longest run of pairs, in order, in which the label names the line."""
    best: list[list[list[tuple[int, int]]]] = [[[] for _ in range(len(lines) + 1)] for _ in range(len(labels) + 1)]
    for a in range(len(labels) - 1, -1, -1):
        for b in range(len(lines) - 1, -1, -1):
            best[a][b] = max(best[a + 1][b], best[a][b + 1], key=len)
            if labels[a].names(lines[b]) and len(best[a + 1][b + 1]) >= len(best[a][b]):
                best[a][b] = [(a, b), *best[a + 1][b + 1]]
    return best[0][0]


def labels_of(file: Path) -> tuple[list[Label], set[int]]:
    """The labels, and the pages they cover (none: all)."""
    labels: list[Label] = []
    pages: set[int] = set()
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("# pages "):
            ranges = (part.split("-") for part in line.split()[2:])
            pages = {page for first, *last in ranges for page in range(int(first), int((last or [first])[0]) + 1)}
        if line.startswith("#") or not line.strip():
            continue
        page, kind, level, heading = line.split("\t")
        parent = next((at for at in range(len(labels) - 1, -1, -1) if labels[at].level < int(level)), None)
        runs_on = heading.endswith("…")
        labels.append(Label(int(page), kind, int(level), squeezed(heading.removesuffix("…")), runs_on, parent))
    return labels, pages


def line_at(text: str, section: Section) -> str:
    return text[section.span.start : section.span.end].split("\n", 1)[0]


def squeezed(line: str) -> str:
    return "".join(unicodedata.normalize("NFKC", line).split())


if __name__ == "__main__":
    main()
