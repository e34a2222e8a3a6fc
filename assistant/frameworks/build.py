"""Plain data of a framework file <-> :class:`assistant.models.Framework`."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import yaml

from assistant.frameworks.schema import ElementPart, FrameworkPart
from assistant.models import Dimension, Element, Framework, Practice, Stage, Statement

_BETWEEN_LETTERS = re.compile(r"(?<=[^\W\d_])[\s\-\u2010-\u2013]+(?=[^\W\d_])")
_SPACE = re.compile(r"\s+")


def same_text(one: str, other: str) -> bool:
    """Whether two cells say the same, spelling aside: case, spacing, and a hyphen or space between letters (Ad hoc, Ad-hoc, Adhoc).

    Between digits a hyphen is kept: 1-2 weeks are not 12 weeks.
    """
    return _key(one) == _key(other)


def _key(text: str) -> str:
    return _SPACE.sub(" ", _BETWEEN_LETTERS.sub("", unicodedata.normalize("NFC", text))).strip().casefold()


def runs(cells: list[str]) -> list[tuple[int, int]]:
    """Runs of neighbouring stages with the same text, as (lowest, highest) stage from 1; they cover every stage once."""
    found: list[tuple[int, int]] = []
    for stage, text in enumerate(cells, start=1):
        if found and same_text(text, cells[stage - 2]):
            found[-1] = (found[-1][0], stage)
        else:
            found.append((stage, stage))
    return found


def build_framework(part: FrameworkPart) -> Framework:
    """A checked file as Framework. Sound only for data that passed ``schema`` and ``checks``."""
    dimensions = tuple(Dimension(id=d.id, name=d.name, elements=tuple(_element(e) for e in d.elements)) for d in part.dimensions)
    return Framework(
        id=part.id,
        version=part.version,
        title=part.title,
        citation=part.citation,
        url=part.url or "",
        licence=part.licence or "",
        stages=tuple(Stage(number=s.number, name=s.name, short=s.short or "", description=s.description or "") for s in part.stages),
        dimensions=dimensions,
        practices=tuple(Practice(code=p.code, description=p.description, dimension=p.dimension) for p in part.practices),
        policies=tuple(p.to_model() for p in part.policies),
        practice_rule=part.practice_rule.to_model() if part.practice_rule else None,
        min_coverage=part.min_coverage,
        notes=tuple(part.notes),
    )


def _element(part: ElementPart) -> Element:
    statements = tuple(_statement(part, low, high) for low, high in runs(part.cells))
    return Element(
        id=part.id,
        name=part.name,
        description=part.description,
        synonyms=tuple(part.synonyms),
        tools=tuple(part.tools),
        examples=(*part.examples, *(text for s in statements for text in s.examples)),
        codes=tuple(part.codes),
        statements=statements,
        probes=tuple(p.to_model() for p in part.probes),
    )


def _statement(part: ElementPart, low: int, high: int) -> Statement:
    cells = part.cells[low - 1 : high]
    return Statement(
        id=f"{part.id}#{low}-{high}",
        text=cells[0],
        stage_low=low,
        stage_high=high,
        spellings=tuple(cells) if len(set(cells)) > 1 else (),
        examples=tuple(text for stage in range(low, high + 1) for text in part.examples_by_stage.get(stage, [])),
    )


def to_yaml(framework: Framework) -> str:
    """The framework in the file format, as text: loading it gives an equal Framework. Comments of a file are not kept."""
    return yaml.safe_dump(to_data(framework), sort_keys=False, allow_unicode=True, width=120)


def to_data(framework: Framework) -> dict[str, Any]:
    """The framework as plain data in the order of the file format, without keys that hold nothing."""
    plain = framework.model_dump(mode="json")
    return _filled(
        {
            **{key: plain[key] for key in ("id", "version", "title", "citation", "url", "licence", "min_coverage")},
            "stages": [_filled(stage) for stage in plain["stages"]],
            "dimensions": [
                {"id": d.id, "name": d.name, "elements": [_element_data(e, len(framework.stages)) for e in d.elements]}
                for d in framework.dimensions
            ],
            "practices": plain["practices"],
            "policies": [_filled(policy) for policy in plain["policies"]],
            "practice_rule": _rule_data(plain["practice_rule"]),
            "notes": plain["notes"],
        }
    )


def _element_data(element: Element, stages: int) -> dict[str, Any]:
    by_stage = {s.stage_low: list(s.examples) for s in element.statements if s.examples}
    placed = {text for s in element.statements for text in s.examples}
    return _filled(
        {
            "id": element.id,
            "name": element.name,
            "description": element.description,
            "cells": [element.cell(stage) for stage in range(1, stages + 1)],
            "codes": list(element.codes),
            "synonyms": list(element.synonyms),
            "tools": list(element.tools),
            "examples": [text for text in element.examples if text not in placed],
            "examples_by_stage": by_stage,
            "probes": [p.model_dump(mode="json") for p in element.probes],
        }
    )


def _rule_data(rule: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if rule is None else _filled({**rule, "steps": [_filled(step) for step in rule["steps"]]})


def _filled(data: dict[str, Any]) -> dict[str, Any]:
    """Without empty texts, empty lists and None; numbers stay, be they 0."""
    return {key: value for key, value in data.items() if value not in ("", [], {}, None)}
