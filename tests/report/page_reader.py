"""A page as a strict reader sees it."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "col", "input", "br", "img", "link", "hr"}
INLINE = {"a", "b", "bdi", "span", "strong", "small", "mark", "em", "code"}


class Page(HTMLParser):
    """Parses at once; asserts that every element is closed in order and every id is there once."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, str] = {}
        self.lines: list[str] = [""]
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.attributes |= {name for name, _ in attrs}
        for name, value in attrs:
            if name == "id":
                assert value and value not in self.ids, f"id twice: {value}"
                self.ids.add(value)
            if name in ("href", "src", "action"):
                self.links.append(value or "")
        if tag not in INLINE:
            self.lines.append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open[-1] == tag, f"</{tag}> closes {self._open[-1:]} at {self.getpos()}"
        self._open.pop()
        if tag not in INLINE:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("style", "script"):
            self.raw[self._open[-1]] = self.raw.get(self._open[-1], "") + data
        else:
            self.lines[-1] += data

    @property
    def text(self) -> str:
        """What can be read, a block a line."""
        flat = (" ".join(line.split()) for line in self.lines)
        return "\n".join(line for line in flat if line) + "\n"
