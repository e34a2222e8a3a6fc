"""Interview guides as data: ``frameworks/guides/<id>.yaml`` -> `Guide`, checked.

A guide has sections with questions; a question has its source text and one or more parts, each asked on its own. What is asked
must pass the wording gate (`gate.form_faults`): a guide that leads or asks two things at once is refused when it is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from assistant.errors import FrameworkError
from assistant.frameworks import load_framework
from assistant.frameworks.document import Key, Problem, parse_yaml, read_bytes
from assistant.frameworks.schema import FilePart, Id, ProbePart, Text, read_structure, suggestion
from assistant.interview.gate import form_faults
from assistant.models import Framework, Probe, content_hash
from assistant.resources import resource_dir

DEFAULT = "john-2025-adoption"
"""The guide that is used where none is named."""
Priority = Literal["introduction", "main", "supplementary"]
"""Introduction opens; supplementary is dropped first when time is short."""


class Part(FilePart):
    """One question as it is asked."""

    id: Id
    text: Text | None = None
    """The wording; the question's source where absent."""
    elements: list[Id] = Field(default_factory=list)
    """Elements that a full answer settles; empty for questions about the setting."""
    touches: list[Id] = Field(default_factory=list)
    """Elements that an answer may say something of."""
    minutes: float = Field(gt=0, le=30)
    """What question and answer are expected to take."""
    follows: bool = False
    """Only makes sense right after the part before it."""


class Question(FilePart):
    """One question of the source."""

    id: Id
    source: Text
    """To the letter of the source."""
    parts: list[Part] = Field(min_length=1)
    probes: list[ProbePart] = Field(default_factory=list)
    priority: Priority | None = None
    """The section's where absent."""


class Section(FilePart):
    """Questions on one subject."""

    id: Id
    name: Text
    priority: Priority
    instruction: Text | None = None
    """For the person who interviews; never asked."""
    questions: list[Question] = Field(default_factory=list)


class Closing(FilePart):
    """The last question, always asked."""

    text: Text
    minutes: float = Field(gt=0, le=30)
    source: Text | None = None
    """Where the source has it; ours where absent."""


@dataclass(frozen=True)
class Item:
    """One part of one question in its place: what the interview asks, counts and reports."""

    key: str
    """``<question>/<part>``."""
    question: Question
    part: Part
    section: Section
    order: int
    """Position in the guide, from 0."""

    @property
    def text(self) -> str:
        """The wording."""
        return self.part.text or self.question.source

    @property
    def elements(self) -> tuple[str, ...]:
        """Elements that a full answer settles."""
        return tuple(self.part.elements)

    @property
    def served(self) -> tuple[str, ...]:
        """Those, and the ones that it touches."""
        return tuple(dict.fromkeys((*self.part.elements, *self.part.touches)))

    @property
    def priority(self) -> Priority:
        """Of the question, else of the section."""
        return self.question.priority or self.section.priority

    @property
    def probes(self) -> tuple[Probe, ...]:
        """The question's own probes."""
        return tuple(p.to_model() for p in self.question.probes)


class Guide(FilePart):
    """The whole guide."""

    id: Id
    version: Text
    title: Text
    citation: Text
    url: Text | None = None
    licence: Text | None = None
    framework: Id
    """Framework whose elements the questions serve."""
    language: Literal["en"] = "en"
    """Language of the questions. The local engine understands English only."""
    order: Literal["coverage", "guide"] = "coverage"
    """coverage: what is unknown first; guide: as written, leaving out what was answered already."""
    budget_minutes: float = Field(gt=0, le=480)
    """Time that the interview should take."""
    objective: Text
    """What the respondent is told the interview is for."""
    closing: Closing
    confirm: Text
    """Asked after a respondent's own words, for what was answered in passing."""
    conflict: Text
    """Asked after two statements of the same respondent that differ."""
    language_request: Text
    """Asked once after an answer in another language."""
    probes: list[ProbePart] = Field(min_length=1)
    """General probes, where neither question nor element has one."""
    sections: list[Section] = Field(min_length=1)

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All parts in the order of the guide, without the closing question."""
        places = ((s, q, p) for s in self.sections for q in s.questions for p in q.parts)
        return tuple(Item(f"{q.id}/{p.id}", q, p, s, n) for n, (s, q, p) in enumerate(places))

    @cached_property
    def by_key(self) -> dict[str, Item]:
        """Items by their key."""
        return {item.key: item for item in self.items}

    @property
    def hash(self) -> str:
        """SHA-256 over the whole content."""
        return content_hash(self)

    @cached_property
    def general_probes(self) -> tuple[Probe, ...]:
        """The probes that fit every question."""
        return tuple(p.to_model() for p in self.probes)


def list_guides() -> tuple[str, ...]:
    """Ids of the guides that ship, the default first. Raises AssistantError if the data folder is absent."""
    ids = sorted(path.stem for path in (resource_dir("frameworks") / "guides").glob("*.yaml"))
    return tuple(sorted(ids, key=lambda name: name != DEFAULT))


def load_guide(id_or_path: str | Path = DEFAULT) -> Guide:
    """The guide with this id, or in this YAML file.

    Raises FrameworkError: for an id that does not exist, and for the first problem of a file with line, key and remedy, saying how
    many more there are (``validate_guide`` gives them all).
    """
    path = _find(id_or_path)
    guide, errors = _examine(read_bytes(path), path.name)
    if guide is not None:
        return guide
    first, rest = errors[0], len(errors) - 1
    if not rest:
        raise first
    more = f"{first.detail} (and {rest} more {'problem' if rest == 1 else 'problems'} in this file)"
    raise FrameworkError(more, source=first.source, place=first.place, remedy=first.remedy)


def read_guide(raw: bytes, source: str) -> Guide:
    """The guide in the bytes of a YAML file called ``source``. Raises FrameworkError for its first problem, with line, key and remedy."""
    guide, errors = _examine(raw, source)
    if guide is None:
        raise errors[0]
    return guide


def validate_guide(id_or_path: str | Path) -> list[FrameworkError]:
    """Every problem of a guide file in the order of the file; empty if it is valid."""
    try:
        path = _find(id_or_path)
        return list(_examine(read_bytes(path), path.name)[1])
    except FrameworkError as error:
        return [error]


def _find(id_or_path: str | Path) -> Path:
    name = str(id_or_path)
    if isinstance(id_or_path, Path) or name.endswith((".yaml", ".yml")) or "/" in name or "\\" in name:
        return Path(id_or_path)
    known = list_guides()
    if name not in known:
        raise FrameworkError(
            f"there is no interview guide '{name}'",
            remedy=f"{suggestion(name, known)}Known: {', '.join(known)}; or give the path of a file",
        )
    return resource_dir("frameworks") / "guides" / f"{name}.yaml"


@lru_cache(maxsize=16)
def _examine(raw: bytes, source: str) -> tuple[Guide | None, tuple[FrameworkError, ...]]:
    """Cached by content: a guide is never changed, and every page asks for it."""
    document, problems = parse_yaml(raw, source)
    guide, broken = read_structure(Guide, document.data)
    found = [*problems, *broken, *(check(guide) if guide is not None else ())]
    errors = document.errors(found)
    return (None if errors else guide), tuple(errors)


# ---------------------------------------------------------------- checks


def check(guide: Guide) -> Iterator[Problem]:
    """What is wrong with a guide beyond keys and types: ids twice, unknown elements, wordings that may not be asked."""
    yield from _twice([(("sections", n, "id"), s.id) for n, s in enumerate(guide.sections)], "section id")
    places = [(n, m, q) for n, s in enumerate(guide.sections) for m, q in enumerate(s.questions)]
    yield from _twice([(("sections", n, "questions", m, "id"), q.id) for n, m, q in places], "question id")
    yield from _twice([(("probes", n, "id"), p.id) for n, p in enumerate(guide.probes)], "probe id")
    for n, section in enumerate(guide.sections):
        for m, question in enumerate(section.questions):
            at: Key = ("sections", n, "questions", m)
            yield from _twice([((*at, "parts", k, "id"), p.id) for k, p in enumerate(question.parts)], "part id")
            yield from _twice([((*at, "probes", k, "id"), p.id) for k, p in enumerate(question.probes)], "probe id")
            if question.parts[0].follows:
                yield Problem((*at, "parts", 0, "follows"), "the first part has no part before it", "remove 'follows' here")
    if not guide.items:
        yield Problem(("sections",), "the guide asks nothing", "give at least one question")
    framework = _framework(guide)
    if isinstance(framework, Problem):
        yield framework
        return
    yield from _unknown_elements(guide, framework)
    for path, text in _asked(guide):
        for fault in form_faults(text, framework=framework):
            yield Problem(path, f"'{text[:60]}' {fault}", "ask one short open question that leads nowhere and names no stage")


def _framework(guide: Guide) -> Framework | Problem:
    try:
        return load_framework(guide.framework)
    except FrameworkError as error:
        return Problem(("framework",), error.detail, error.remedy)


def _unknown_elements(guide: Guide, framework: Framework) -> Iterator[Problem]:
    known = [e.id for e in framework.elements]
    for n, section in enumerate(guide.sections):
        for m, question in enumerate(section.questions):
            for k, part in enumerate(question.parts):
                found = [("elements", i, e) for i, e in enumerate(part.elements)] + [("touches", i, e) for i, e in enumerate(part.touches)]
                for name, i, element in found:
                    if element not in known:
                        path: Key = ("sections", n, "questions", m, "parts", k, name, i)
                        yield Problem(path, f"there is no element '{element}'", f"{suggestion(element, known)}Known: {', '.join(known)}")


def _asked(guide: Guide) -> Iterator[tuple[Key, str]]:
    """Every wording that respondents may see, with its place."""
    yield ("closing", "text"), guide.closing.text
    yield from (((name,), getattr(guide, name)) for name in ("confirm", "conflict", "language_request"))
    yield from ((("probes", n, "text"), p.text) for n, p in enumerate(guide.probes))
    for n, section in enumerate(guide.sections):
        for m, question in enumerate(section.questions):
            at: Key = ("sections", n, "questions", m)
            yield from (((*at, "parts", k, "text"), p.text or question.source) for k, p in enumerate(question.parts))
            yield from (((*at, "probes", k, "text"), p.text) for k, p in enumerate(question.probes))


def _twice(found: list[tuple[Key, Any]], what: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for path, value in found:
        if value in seen:
            yield Problem(path, f"the {what} '{value}' is used twice", "give each one its own")
        seen.add(value)
