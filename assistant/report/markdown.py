"""`ReportView` -> Markdown in which no text of a user, a model or a framework is markup, in CommonMark, GitHub or LaTeX-aware viewers.

Escaping is automatic, as for HTML: the template engine passes every expression through `escape`, except what is marked as ready.
"""

from __future__ import annotations

import re
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from assistant.display import printable
from assistant.report.view import ReportView


class Ready(str):
    """Text that is Markdown already."""

    __slots__ = ()


# Entities for what a backslash does not stop everywhere: HTML, math between dollars, mentions, bare addresses.
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "$": "&#36;", "@": "&#64;", "\t": " "}
_BACKSLASH = set("\\`*_{}[]()#|!~^")
_TABLE = {ord(c): e for c, e in _ENTITIES.items()} | {ord(c): f"\\{c}" for c in _BACKSLASH}
_ADDRESS = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp|javascript|data)(:)|\b(www)(\.)")
_BLANKS = re.compile(r" {2,}")
_START = re.compile(r"(?m)^([ \u00a0]*)(?:([-+=:])|(\d+)([.)]))")


def _break_address(match: re.Match[str]) -> str:
    """``https:`` and ``www.`` with an entity inside: viewers link bare addresses by themselves."""
    scheme, _, www, _ = match.groups()
    return f"{scheme}&#58;" if scheme else f"{www}&#46;"


def _break_start(match: re.Match[str]) -> str:
    """What would make a list, a rule or a heading at the start of a line."""
    _, sign, number, stop = match.groups()
    return f"\\{sign}" if sign else f"{number}\\{stop}"


def escape(text: str) -> str:
    """One paragraph of plain text as Markdown: every character shows as itself, line breaks as spaces."""
    flat = re.sub(r"\s*\n\s*", " ", printable(text))
    # Blanks in a row would indent to code at the start of a line, and break it at the end.
    spaced = _BLANKS.sub(lambda m: "&#32;" * len(m.group()), flat.translate(_TABLE))
    return _START.sub(_break_start, _ADDRESS.sub(_break_address, spaced))


def quoted(ready: str) -> Ready:
    """A block quote of escaped text."""
    return Ready(f"> {ready}")


def _finalize(value: object) -> object:
    if isinstance(value, Ready) or value is None:
        return value
    return Ready(escape(str(value)))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    # Autoescaping is for HTML and would escape twice; `finalize` does it for Markdown, so it is on in the sense that counts.
    environment = Environment(
        loader=PackageLoader("assistant", "templates"),
        autoescape=False,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["quoted"] = quoted
    # Output of our own macros: their expressions were escaped one by one.
    environment.filters["safe"] = lambda value: Ready(value)
    return environment


def render(view: ReportView) -> str:
    """The document, with runs of empty lines made one."""
    text = _environment().get_template("report.md.j2").render(r=view)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


__all__ = ["escape", "render"]
