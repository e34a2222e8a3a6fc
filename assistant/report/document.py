"""The report as JSON: what the other formats show, and the assessment itself.

Top-level keys, each on one line in canonical JSON (sorted keys, no spaces), in this order:

    format, version        "assistant-report", 1
    draft                  true where nobody has reviewed the evidence
    names                  true where participants are named
    generated_at           as given, or null
    software               version of this product
    framework              id, version, hash, title, citation, url, licence, stages, notes
    result                 policy, overall and dimensions: stage, bounds, coverage
    elements               stage -> rule -> statement -> quotes with speaker, role, time, transcript, offsets
    not_counted            quotes that did not count, with the reason
    ask_next               elements to ask about, with questions
    policies, differing    all policies side by side, and where they differ
    practices              codes, companies, what they are consistent with; null where the framework has none
    sensitivity            single decisions that would move the result
    rejections             proposals that were refused
    decisions              what reviewers decided on whole elements
    transcripts            label, hash and the turns as shown
    notes                  what a reader must know of this file
    assessment_sha256      hash of the assessment
    assessment             the assessment

With ``names=True`` the assessment is the one that was scored, to the byte: its hash can be verified. With ``names=False`` the names
in it are masked as everywhere else in the report, so it reads the same but does not hash to ``assessment_sha256``; ``notes`` says so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from assistant import __version__
from assistant.models import AssessmentFile, Framework, canonical_json
from assistant.report.names import People, Run
from assistant.report.view import ElementView, GroupView, PracticesView, Quote, ReportView


def plain(value: Any) -> Any:
    """Views as JSON values; runs of text as one string."""
    if isinstance(value, tuple) and value and all(isinstance(v, Run) for v in value):
        return "".join(run.text for run in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


def _quote(q: Quote) -> dict[str, Any]:
    kept: dict[str, Any] = plain(q)
    # An empty text of somebody is an empty tuple in the view.
    return kept | {"text": plain(q.text) or "", "rationale": plain(q.rationale) or "", "coder": plain(q.coder) or ""}


def _group(g: GroupView) -> dict[str, Any]:
    return {k: v for k, v in plain(dataclasses.replace(g, elements=())).items() if k not in ("elements", "anchor")}


def _element(dimension: str, e: ElementView) -> dict[str, Any]:
    return {
        "dimension": dimension,
        "number": e.number,
        "name": e.name,
        "status": e.status,
        "stage": e.stage,
        "stage_name": e.stage_name,
        "bounds": e.bounds,
        "rule": e.rule,
        "explanation": plain(e.explanation) or "",
        "conflict": e.conflict,
        "statements": plain(e.cells),
        "quotes": [_quote(q) | {"statement": side.heading} for side in e.sides for q in side.quotes],
    }


def masked(value: Any, people: People) -> Any:
    """Any JSON value with participants' names masked in its texts; keys stay."""
    if isinstance(value, str):
        return people.shown(value)
    if isinstance(value, dict):
        return {k: masked(v, people) for k, v in value.items()}
    if isinstance(value, list):
        return [masked(v, people) for v in value]
    return value


def _assessment(file: AssessmentFile, people: People, names: bool) -> Any:
    """The assessment to the byte, or with everybody under the label that the report gives them."""
    whole = file.assessment.model_dump(mode="json")
    if names:
        return whole
    by_id = {t.id: t for t in file.transcripts}
    shown = masked(whole, people)
    for e, kept in zip(file.assessment.evidence, shown["evidence"], strict=True):
        t = by_id[e.transcript]
        kept["speaker"] = people.person(t, e.speaker).label if e.speaker else ""
        kept["quote"], kept["rationale"] = people.shown(e.quote, t), people.shown(e.rationale, t)
    for ref, kept in zip(file.assessment.transcripts, shown["transcripts"], strict=True):
        kept["name"] = people.file_name(ref.name)
    return shown


def _transcripts(view: ReportView) -> list[dict[str, Any]]:
    return [
        {
            "label": t.label,
            "id": t.id,
            "name": t.name,
            "format": t.format,
            "sha256": t.sha256,
            "characters": t.characters,
            "notes": [plain(n) for n in t.notes],
            "people": [{"label": label, "role": role} for label, role in t.people],
            "turns": [
                {
                    "number": u.number,
                    "who": u.who,
                    "role": u.role,
                    "when": u.when,
                    "start": u.start,
                    "end": u.end,
                    "text": "".join(run.text for p in u.pieces for run in p.runs),
                }
                for u in t.turns
            ],
        }
        for t in view.transcripts
    ]


def _notes(names: bool) -> list[str]:
    if names:
        return ["The assessment is the one that was scored, to the byte: its hash can be verified."]
    return [
        "Participants are shown as P1, P2 … and interviewers as I1, I2 …; a mask such as [P1] stands for a name in a text, also within "
        "`assessment`. Offsets refer to the original text.",
        "With masked names `assessment` does not hash to `assessment_sha256`; write the report with names to verify it.",
    ]


def _practices(p: PracticesView | None) -> dict[str, Any] | None:
    """Codes beside the companies; None where the framework has no codes."""
    if p is None:
        return None
    return {
        "explanation": p.explanation,
        "rule": p.rule,
        "rule_note": p.rule_note,
        "in_place": dict(p.in_place),
        "citation": p.citation,
        "codes": [
            {
                "code": r.code,
                "description": r.description,
                "status": r.status,
                "conflict": r.conflict,
                "quotes": [q.number for q in r.quotes],
                "companies": dict(zip((c.name for c in p.companies), r.companies, strict=True)),
            }
            for r in p.rows
        ],
        "companies": plain(p.companies),
        "notes": list(p.notes),
    }


def render(view: ReportView, file: AssessmentFile, framework: Framework, people: People) -> str:
    """The document; one top-level key a line."""
    content: dict[str, Any] = {
        "format": "assistant-report",
        "version": 1,
        "draft": view.draft,
        "names": view.names,
        "generated_at": view.generated_at or None,
        "software": f"mlops-interview-assistant {__version__}",
        "framework": {
            "id": framework.id,
            "version": framework.version,
            "hash": framework.hash,
            "title": framework.title,
            "citation": framework.citation,
            "url": framework.url,
            "licence": framework.licence,
            "notes": list(framework.notes),
            "stages": [{"number": number, "name": name} for number, name, _, _ in view.stages],
        },
        "result": {
            "policy": view.policy,
            "minimum_coverage": framework.min_coverage,
            "overall": _group(view.overall),
            "dimensions": [_group(d) for d in view.dimensions],
        },
        "elements": [_element(d.name, e) for d in view.dimensions for e in d.elements],
        "not_counted": [{"reason": reason, "quotes": [_quote(q) for q in quotes]} for reason, quotes in view.aside],
        "ask_next": plain(view.asks),
        "policies": [plain(dataclasses.replace(p, groups=())) | {"groups": [_group(g) for g in p.groups]} for p in view.policies],
        "differing": [{"scope": scope, "said": said} for scope, said in view.differing],
        "practices": _practices(view.practices),
        "sensitivity": [
            plain(dataclasses.replace(s, quote=None)) | {"quote": s.quote.number if s.quote else None} for s in view.sensitivity
        ],
        "rejections": plain(view.rejections),
        "decisions": [{"element": e, "decision": plain(said)} for e, said in view.decisions],
        "transcripts": _transcripts(view),
        "notes": [*_notes(view.names), *view.warnings],
        "assessment_sha256": file.assessment.hash,
        "assessment": _assessment(file, people, view.names),
    }
    return "{\n" + ",\n".join(f'"{key}":{canonical_json(value)}' for key, value in content.items()) + "\n}\n"


__all__ = ["render"]
