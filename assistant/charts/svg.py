"""Small parts that charts are drawn with: escaped text, wrapped lines, colours by CSS custom property.

Colours are ``var(--name, fallback)`` in style attributes: inside a page the page's theme rules, alone the light scheme does, and
a scheme can be fixed by setting the variables on the root element. Nothing leaks out of the picture: no style sheet, no script.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

from assistant.display import printable
from assistant.theme import Scheme, palette, variables

FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"

BOLD = 1.1
"""Bold text is about so much wider than `text_width` says."""


def num(value: float) -> str:
    """A coordinate with at most one decimal: short, and the same on every machine."""
    text = f"{value:.1f}"
    return text.removesuffix(".0")


def _char_width(char: str) -> float:
    """Width of a character in em, roughly, for a sans-serif face."""
    if char in "ijl.,:;'|!()[]ftI ":
        return 0.32
    if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Mn"):
        return 0.0
    if char in "mwMW@%" or ord(char) > 0x1F000 or unicodedata.east_asian_width(char) in ("W", "F"):
        return 1.0
    return 0.7 if char.isupper() else 0.57


def text_width(text: str, size: float) -> float:
    """Estimated width in pixels."""
    return size * sum(_char_width(c) for c in text)


def _pieces(word: str, width: float, size: float) -> Iterable[str]:
    """A word, cut where it is wider than the line."""
    piece = ""
    for char in word:
        if piece and text_width(piece + char, size) > width:
            yield piece
            piece = ""
        piece += char
    if piece:
        yield piece


def wrap(text: str, width: float, size: float, *, lines: int = 3) -> tuple[str, ...]:
    """The text in at most ``lines`` lines of ``width`` pixels; the last ends in an ellipsis where more would follow."""
    found: list[str] = []
    current = ""
    # Enough for any label; a name of a million characters must not cost a million steps.
    for word in printable(text)[:600].split():
        for i, piece in enumerate(_pieces(word, width, size)):
            joined = f"{current} {piece}" if current and i == 0 else piece
            if current and (i > 0 or text_width(joined, size) > width):
                found.append(current)
                joined = piece
            current = joined
        if len(found) > lines:
            break
    found.append(current)
    if len(found) <= lines:
        return tuple(found)
    last = found[lines - 1]
    while last and text_width(last + "…", size) > width:
        last = last[:-1]
    return (*found[: lines - 1], last.rstrip() + "…")


@dataclass
class Drawing:
    """An SVG picture in the making; coordinates are CSS pixels."""

    width: float
    uid: str
    """Prefix of the ids in it: unique among the pictures of a page."""
    stages: int
    """How many stage colours it may need."""
    parts: list[str] = field(default_factory=list)
    linked: bool = False
    """Whether it holds links: then it is a group to screen readers, as a picture hides what is in it."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", self.uid):
            raise ValueError(f"not usable as an id: {self.uid!r}")
        self._light = variables(palette(self.stages, "light"))

    def paint(self, **colours: str) -> str:
        """Value of a style attribute from ``fill="--stage-1"`` pairs, with the light colour as fallback for pages without a theme."""
        pairs = []
        for key, name in colours.items():
            value = f"var({name},{self._light[name]})" if name in self._light else name
            pairs.append(f"{key.replace('_', '-')}:{value}")
        return ";".join(pairs)

    def add(self, part: str) -> None:
        """Append ready markup."""
        self.parts.append(part)

    def rect(self, x: float, y: float, w: float, h: float, *, r: float = 3, extra: str = "", **colours: str) -> None:
        """A rectangle; ``colours`` as for `paint`."""
        self.add(
            f'<rect x="{num(x)}" y="{num(y)}" width="{num(max(0, w))}" height="{num(max(0, h))}" rx="{num(r)}"'
            f' style="{self.paint(**colours)}"{extra}/>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, *, width: float = 1, stroke: str = "--line", extra: str = "") -> None:
        """A straight line."""
        self.add(
            f'<line x1="{num(x1)}" y1="{num(y1)}" x2="{num(x2)}" y2="{num(y2)}" stroke-width="{num(width)}"'
            f' style="{self.paint(stroke=stroke)}"{extra}/>'
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 12,
        anchor: str = "start",
        weight: int = 400,
        fill: str = "--page-ink",
        halo: bool = False,
    ) -> None:
        """One line of text; ``halo`` gives it an outline in the page's colour, so that it stays readable over hatching."""
        more = f' paint-order="stroke" stroke-width="4" stroke-linejoin="round" style="{self.paint(fill=fill, stroke="--page")}"'
        style = more if halo else f' style="{self.paint(fill=fill)}"'
        where = "" if anchor == "start" else f' text-anchor="{anchor}"'
        bold = "" if weight == 400 else f' font-weight="{weight}"'
        self.add(
            f'<text x="{num(x)}" y="{num(y)}" font-size="{num(size)}"{where}{bold}{style} unicode-bidi="isolate">'
            f"{escape(printable(words))}</text>"
        )

    def lines(
        self,
        x: float,
        y: float,
        lines: Sequence[str],
        *,
        size: float = 12,
        leading: float = 1.2,
        anchor: str = "start",
        weight: int = 400,
        fill: str = "--page-ink",
    ) -> None:
        """Wrapped lines; ``y`` is the base line of the first."""
        for i, words in enumerate(lines):
            self.text(x, y + i * size * leading, words, size=size, anchor=anchor, weight=weight, fill=fill)

    def hatch(self) -> str:
        """Define the hatching of what is unknown; gives the paint that refers to it."""
        name = f"{self.uid}-hatch"
        self.add(
            f'<defs><pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
            f'<rect width="6" height="6" style="{self.paint(fill="--unknown")}"/>'
            f'<line x1="0" y1="0" x2="0" y2="6" stroke-width="2.4" style="{self.paint(stroke="--line")}"/></pattern></defs>'
        )
        return f"url(#{name})"

    def open_link(self, href: str | None, title: str) -> None:
        """Start a group with a tooltip, a link where ``href`` is given; close it with `close_link`."""
        self.linked = self.linked or bool(href)
        start = f'<a href="{escape(href, quote=True)}">' if href else "<g>"
        self.add(f"{start}<title>{escape(printable(title))}</title>")

    def close_link(self, href: str | None) -> None:
        """End of `open_link`."""
        self.add("</a>" if href else "</g>")

    def render(self, height: float, *, title: str, description: str, scheme: Scheme | None = None) -> str:
        """The picture as one ``<svg>`` element, named and described for screen readers."""
        fixed = ""
        if scheme is not None:
            fixed = "".join(f"{k}:{v};" for k, v in variables(palette(self.stages, scheme)).items()) + "background:var(--page);"
        role = "group" if self.linked else "img"
        t, d = f"{self.uid}-title", f"{self.uid}-desc"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {num(self.width)} {num(height)}" role="{role}" aria-labelledby="{t} {d}"'
            f' style="{fixed}width:100%;max-width:{num(self.width)}px;height:auto;font-family:{FONT}">'
            f'<title id="{t}">{escape(printable(title))}</title><desc id="{d}">{escape(printable(description))}</desc>'
            + "".join(self.parts)
            + "</svg>"
        )


__all__ = ["BOLD", "Drawing", "num", "text_width", "wrap"]
