"""The keys and types of a framework file, and what is wrong with a file that breaks them, in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from assistant.frameworks.document import Key, Problem
from assistant.models import Policy, PracticeRule, Probe

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_ID = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*")

T = TypeVar("T", bound=BaseModel)


def _text(value: str) -> str:
    """Text that says something and can be stored, shown and exported."""
    if not value.strip():
        raise PydanticCustomError("blank", "is empty")
    found = _UNFIT.search(value)
    if found:
        raise PydanticCustomError("unfit_character", "holds the control character {code}", {"code": f"U+{ord(found.group()):04X}"})
    return value


def _identifier(value: str) -> str:
    """Ids go into statement ids (``#``), code lists and file names."""
    if not _ID.fullmatch(value):
        raise PydanticCustomError("identifier", "'{value}' is not an id", {"value": value})
    return value


Text = Annotated[str, AfterValidator(_text)]
Id = Annotated[str, AfterValidator(_identifier)]


class FilePart(BaseModel):
    """Base of the file's parts: no unknown keys, no guessing of types (``version: 1.0`` is a number, not a version)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class StagePart(FilePart):
    """One column."""

    number: int = Field(ge=1)
    name: Text
    short: Text | None = None
    description: Text | None = None


class ProbePart(FilePart):
    """A prewritten question."""

    id: Id
    type: Literal["descriptive", "idiographic", "clarifying", "explanatory"]
    seeks: Literal["practice", "automation", "frequency", "tool", "owner", "since", "example", "agreement", "improvement"] = "practice"
    text: Text

    def to_model(self) -> Probe:
        """The probe as the product uses it."""
        return Probe(id=self.id, type=self.type, seeks=self.seeks, text=self.text)


class ElementPart(FilePart):
    """One row."""

    id: Id
    name: Text
    description: Text
    cells: list[Text]
    codes: list[Text] = []
    synonyms: list[Text] = []
    tools: list[Text] = []
    examples: list[Text] = []
    examples_by_stage: dict[int, list[Text]] = {}
    probes: list[ProbePart] = []


class DimensionPart(FilePart):
    """A group of rows."""

    id: Id
    name: Text
    elements: list[ElementPart] = Field(min_length=1)


class PracticePart(FilePart):
    """A practice code."""

    code: Text
    dimension: Id
    description: Text


class PrerequisitePart(FilePart):
    """Elements that must reach a stage themselves."""

    from_stage: int = Field(ge=1)
    elements: list[Id] = Field(min_length=1)


class PolicyPart(FilePart):
    """A way from ratings to a stage."""

    id: Id
    version: int = Field(ge=1)
    kind: Literal["majority", "minimum", "nplf"]
    threshold: float = Field(default=0.5, ge=0, lt=1)
    prerequisites: list[PrerequisitePart] = []
    description: Text | None = None
    source: Text | None = None

    def to_model(self) -> Policy:
        """The policy as the product uses it."""
        return Policy.model_validate(self.model_dump(exclude_none=True))


class StepPart(FilePart):
    """One step of the rule over practice codes."""

    stage: int = Field(ge=1)
    require_dimensions: list[Id] = []
    min_dimensions: int = Field(default=0, ge=0)
    require_codes: list[Text] = []


class RulePart(FilePart):
    """The rule over practice codes."""

    id: Id
    version: int = Field(ge=1)
    threshold: float = Field(ge=0, lt=1)
    steps: list[StepPart] = Field(min_length=1)
    note: Text | None = None

    def to_model(self) -> PracticeRule:
        """The rule as the product uses it."""
        return PracticeRule.model_validate(self.model_dump(exclude_none=True))


class FrameworkPart(FilePart):
    """The whole file."""

    id: Id
    version: Text
    title: Text
    citation: Text
    url: Text | None = None
    licence: Text | None = None
    min_coverage: float = Field(default=0.6, ge=0, le=1)
    stages: list[StagePart] = Field(min_length=2)
    dimensions: list[DimensionPart] = Field(min_length=1)
    practices: list[PracticePart] = []
    policies: list[PolicyPart] = Field(min_length=1)
    practice_rule: RulePart | None = None
    notes: list[Text] = []


def read_structure(model: type[T], data: Any) -> tuple[T | None, list[Problem]]:
    """``data`` as ``model``, and every departure from its keys and types. The instance is None if there is any."""
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        found = [_problem(model, details) for details in error.errors(include_url=False)]
        return None, [problem for problem in found if not _misspelt(problem, found)]


def _misspelt(problem: Problem, found: list[Problem]) -> bool:
    """Whether a key is only "missing" because it is there under a misspelt name, which is reported already."""
    return problem.missing is not None and any(
        other.path[:-1] == problem.path and f"did you mean '{problem.missing}'?" in other.remedy for other in found
    )


def suggestion(word: object, known: Sequence[str]) -> str:
    """``did you mean 'x'? `` for the known word nearest to ``word``, else nothing."""
    near = get_close_matches(str(word), known, n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'? " if near else ""


_WANTED = {
    "string_type": ("must be text", "write one text; in quotes where it looks like a number, a date, or yes and no"),
    "int_type": ("must be a whole number", "write a whole number, without quotes"),
    "int_from_float": ("must be a whole number", "write a whole number, without quotes"),
    "float_type": ("must be a number", "write a number, without quotes"),
    "bool_type": ("must be true or false", "write true or false, without quotes"),
    "list_type": ("must be a list", "write it as a list: [one, two]"),
    "tuple_type": ("must be a list", "write it as a list: [one, two]"),
    "dict_type": ("must be a mapping of keys", "write it as keys with values, each on its line"),
    "model_type": ("must be a mapping of keys", "write it as keys with values, each on its line"),
    "model_attributes_type": ("must be a mapping of keys", "write it as keys with values, each on its line"),
}


def _problem(model: type[BaseModel], details: ErrorDetails) -> Problem:
    """One of pydantic's errors in the words of the file."""
    path: Key = tuple(part for part in details["loc"] if part != "[key]")
    kind, value, name = details["type"], details["input"], str(path[-1]) if path else "the file"
    if kind == "missing":
        return Problem(path[:-1], f"the key '{name}' is missing", f"add '{name}:' here", missing=name)
    if kind == "extra_forbidden":
        known = _keys_at(model, path[:-1])
        return Problem(path, f"unknown key '{name}'", f"{suggestion(name, known)}Known keys here: {', '.join(known)}")
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", str(details.get("ctx", {}).get("expected", "")))
        return Problem(path, f"'{value}' is not allowed for '{name}'", f"{suggestion(value, known)}Allowed: {', '.join(known)}")
    if kind == "blank":
        what = f"'{name}'" if isinstance(path[-1], str) else f"entry {int(name) + 1}"
        return Problem(path, f"{what} is empty", "give it a text, or remove it")
    if kind == "identifier":
        return Problem(path, f"'{value}' is not an id", "use lower-case letters, digits, '_', '-', and '.' between parts")
    if kind == "unfit_character":
        return Problem(path, f"'{name}' {details['msg']}", "remove that character")
    if kind in _WANTED:
        wanted, remedy = _WANTED[kind]
        return Problem(path, f"'{name}' {wanted}, not {_described(value)}", remedy)
    return Problem(path, f"'{name}': {details['msg'][0].lower()}{details['msg'][1:]}", f"change {_described(value)} accordingly")


def _described(value: object) -> str:
    """A value as a reader would name it."""
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping of keys"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}'"[:60]


def _keys_at(model: type[BaseModel], path: Key) -> list[str]:
    """The keys allowed in the mapping at ``path`` of a file of type ``model``."""
    kind: Any = model
    for part in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = _plain(kind.model_fields[str(part)].annotation)
        else:
            kind = _plain(get_args(kind)[-1 if get_origin(kind) is dict else 0])
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def _plain(annotation: Any) -> Any:
    """The type inside ``X | None``."""
    inner = [arg for arg in get_args(annotation) if arg is not type(None)]
    return inner[0] if type(None) in get_args(annotation) and len(inner) == 1 else annotation
