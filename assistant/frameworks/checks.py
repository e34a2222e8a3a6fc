"""What a framework file must fulfil beyond keys and types: every reference leads somewhere, every stage has its text.

The checks work on plain data and pass over what is not there or of the wrong type (``schema`` reports that), so that a file
with several faults gets them all reported at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from assistant.frameworks.document import Key, Problem
from assistant.frameworks.schema import suggestion

MAX_PROBE_WORDS = 30
"""Longest prewritten question."""

_NUMBERED = re.compile(r"\b(?:stage|level|phase|maturity)\s+\d", re.IGNORECASE)


def check(data: Any) -> list[Problem]:
    """Every fault of the file's content, in no particular order."""
    return [problem for one in _CHECKS for problem in one(data)]


def probe_faults(text: str, stage_names: Sequence[str]) -> list[str]:
    """What speaks against a question's wording: stage names, numbered stages, over 30 words, more than one question."""
    faults = [f"names the stage '{name}'" for name in stage_names if _names(text, name)]
    if _NUMBERED.search(text):
        faults.append("speaks of a numbered stage")
    if len(text.split()) > MAX_PROBE_WORDS:
        faults.append(f"has {len(text.split())} words, more than {MAX_PROBE_WORDS}")
    if text.count("?") > 1:
        faults.append("asks more than one question")
    return faults


def _names(text: str, name: str) -> bool:
    """Whether ``name`` occurs in ``text`` as whole words, however spaced, hyphenated or capitalised."""
    words = re.split(r"[\s-]+", name.strip())
    return bool(words[0]) and re.search(r"(?<!\w)" + r"[\s-]*".join(map(re.escape, words)) + r"(?!\w)", text, re.IGNORECASE) is not None


def walk(data: Any, *steps: str | None, at: Key = ()) -> Iterator[tuple[Key, Any]]:
    """All values reached by following keys, and None for "each entry of the list", with their paths. What is absent yields nothing."""
    if not steps:
        yield at, data
    elif steps[0] is None and isinstance(data, list):
        for i, item in enumerate(data):
            yield from walk(item, *steps[1:], at=(*at, i))
    elif steps[0] is not None and isinstance(data, dict) and steps[0] in data:
        yield from walk(data[steps[0]], *steps[1:], at=(*at, steps[0]))


def _texts(data: Any, *steps: str | None) -> list[str]:
    return [value for _, value in walk(data, *steps) if isinstance(value, str)]


def _stage_count(data: Any) -> int:
    return sum(1 for _ in walk(data, "stages", None))


def _elements(data: Any) -> Iterator[tuple[Key, dict[Any, Any]]]:
    return ((path, e) for path, e in walk(data, "dimensions", None, "elements", None) if isinstance(e, dict))


def _element_ids(data: Any) -> list[str]:
    return [e["id"] for _, e in _elements(data) if isinstance(e.get("id"), str)]


def _stages(data: Any) -> Iterator[Problem]:
    for want, (path, number) in enumerate(walk(data, "stages", None, "number"), start=1):
        if isinstance(number, int) and number != want:
            yield Problem(path, f"stage number {number} where {want} is due", "number the stages 1, 2, 3 … from the lowest up")
    yield from _twice(walk(data, "stages", None, "name"), "stage name")


def _twice(found: Iterator[tuple[Key, Any]], what: str) -> Iterator[Problem]:
    """One problem for every value that came before."""
    seen: set[str] = set()
    for path, value in found:
        if isinstance(value, str):
            if value in seen:
                yield Problem(path, f"the {what} '{value}' is used twice", "give each one its own")
            seen.add(value)


def _ids(data: Any) -> Iterator[Problem]:
    yield from _twice(walk(data, "dimensions", None, "id"), "dimension id")
    yield from _twice(walk(data, "dimensions", None, "elements", None, "id"), "element id")
    yield from _twice(walk(data, "practices", None, "code"), "practice code")
    yield from _twice(walk(data, "policies", None, "id"), "policy id")


def _cells(data: Any) -> Iterator[Problem]:
    stages = _stage_count(data)
    for path, element in _elements(data):
        cells = element.get("cells")
        if isinstance(cells, list) and stages and len(cells) != stages:
            yield Problem(
                (*path, "cells"),
                f"{len(cells)} cells for {stages} stages",
                "give one text a stage, in stage order; repeat a text that stands for several stages",
            )


def _codes(data: Any) -> Iterator[Problem]:
    known = _texts(data, "practices", None, "code")
    yield from _unknown(walk(data, "dimensions", None, "elements", None, "codes", None), known, "practice code")
    yield from _unknown(walk(data, "practice_rule", "steps", None, "require_codes", None), known, "practice code")


def _unknown(found: Iterator[tuple[Key, Any]], known: list[str], what: str) -> Iterator[Problem]:
    """One problem for every reference that leads nowhere."""
    there = f"Known: {', '.join(known)}" if known else f"The file defines no {what}"
    for path, value in found:
        if isinstance(value, str) and value not in known:
            yield Problem(path, f"there is no {what} '{value}'", f"{suggestion(value, known)}{there}")


def _dimensions(data: Any) -> Iterator[Problem]:
    known = _texts(data, "dimensions", None, "id")
    yield from _unknown(walk(data, "practices", None, "dimension"), known, "dimension")
    yield from _unknown(walk(data, "practice_rule", "steps", None, "require_dimensions", None), known, "dimension")
    for path, number in walk(data, "practice_rule", "steps", None, "min_dimensions"):
        if isinstance(number, int) and number > len(known):
            yield Problem(path, f"{number} dimensions are asked for, but there are {len(known)}", f"use at most {len(known)}")


def _policies(data: Any) -> Iterator[Problem]:
    stages = _stage_count(data)
    yield from _unknown(walk(data, "policies", None, "prerequisites", None, "elements", None), _element_ids(data), "element")
    yield from _beyond(walk(data, "policies", None, "prerequisites", None, "from_stage"), stages)


def _beyond(found: Iterator[tuple[Key, Any]], stages: int) -> Iterator[Problem]:
    """One problem for every stage number that the framework does not have."""
    for path, number in found:
        if isinstance(number, int) and stages and not 1 <= number <= stages:
            yield Problem(path, f"there is no stage {number}", f"use 1 to {stages}")


def _practice_rule(data: Any) -> Iterator[Problem]:
    yield from _beyond(walk(data, "practice_rule", "steps", None, "stage"), _stage_count(data))
    steps = [(path, step) for path, step in walk(data, "practice_rule", "steps", None) if isinstance(step, dict)]
    if steps and any(steps[0][1].get(key) for key in ("require_dimensions", "min_dimensions", "require_codes")):
        yield Problem(steps[0][0], "the first step has conditions", "let it be the stage that everybody has, without any")
    numbers = [(path, step.get("stage")) for path, step in steps]
    for (_, before), (path, after) in pairwise(numbers):
        if isinstance(before, int) and isinstance(after, int) and after <= before:
            yield Problem(path, f"the step for stage {after} follows that for stage {before}", "order the steps from the lowest stage up")


def _probes(data: Any) -> Iterator[Problem]:
    names = list(dict.fromkeys(_texts(data, "stages", None, "name") + _texts(data, "stages", None, "short")))
    for path, element in _elements(data):
        yield from ((Problem((*path, *p.path), p.message, p.remedy)) for p in _twice(walk(element, "probes", None, "id"), "probe id"))
        for where, text in walk(element, "probes", None, "text"):
            if isinstance(text, str):
                for fault in probe_faults(text, names):
                    yield Problem((*path, *where), f"the probe {fault}", "ask one short open question that gives no stage away")


def _examples(data: Any) -> Iterator[Problem]:
    stages = _stage_count(data)
    for path, element in _elements(data):
        grouped = element.get("examples_by_stage")
        by_stage = grouped if isinstance(grouped, dict) else {}
        for stage in by_stage:
            yield from _beyond(iter([((*path, "examples_by_stage", stage), stage)]), stages)
        found = [*walk(element, "examples", None)]
        for stage, texts in by_stage.items():
            found += [(("examples_by_stage", stage, i), text) for i, text in enumerate(texts if isinstance(texts, list) else [])]
        yield from (Problem((*path, *p.path), p.message, p.remedy) for p in _twice(iter(found), "example"))


_CHECKS: tuple[Callable[[Any], Iterator[Problem]], ...] = (
    _stages,
    _ids,
    _cells,
    _codes,
    _dimensions,
    _policies,
    _practice_rule,
    _probes,
    _examples,
)
