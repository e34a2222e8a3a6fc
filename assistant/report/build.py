"""AssessmentFile + Framework (+ published companies) -> `ReportView`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant import __version__
from assistant.charts import short
from assistant.display import count, percent
from assistant.errors import EvidenceError
from assistant.models import (
    Assessment,
    AssessmentFile,
    Benchmark,
    CompanyBenchmark,
    Framework,
    PracticeRating,
    PracticeResult,
    Role,
    Sensitivity,
    Transcript,
)
from assistant.report.elements import Elements, anchors, decision_words, differing, group_view, policy_views
from assistant.report.names import People
from assistant.report.quotes import REASONS, Sources
from assistant.report.view import (
    CompanyView,
    Fact,
    PracticesView,
    PracticeView,
    Quote,
    RejectionView,
    ReportView,
    SensitivityView,
    TranscriptView,
)
from assistant.scoring import practice_stage, verify

Companies = Benchmark | Sequence[CompanyBenchmark] | None
"""Published companies to set the practice codes beside."""


def build(
    file: AssessmentFile, framework: Framework, *, companies: Companies = None, names: bool = False, generated_at: str | None = None
) -> ReportView:
    """Everything that the report says.

    Raises:
        GroundingError: a quote that is not the text of its span.
        EvidenceError: an assessment made with another framework.
    """
    a = file.assessment
    _check_framework(a, framework)
    sources = Sources(file, framework, names=names)
    quotes = sources.quotes(a, anchors(framework))
    elements = Elements(framework, a, quotes, sources.people)
    dimensions = elements.dimensions()
    policies = policy_views(framework, a)
    transcripts = sources.views(a, quotes)
    return ReportView(
        title="Maturity assessment",
        framework=framework.title,
        stages=tuple((s.number, s.name, short(s), s.description) for s in framework.stages),
        draft=a.draft,
        warnings=_warnings(a, framework, quotes),
        summary=_summary(sources.transcripts, sources.people, quotes),
        overall=group_view(framework, a.overall, "Overall", "result"),
        dimensions=dimensions,
        policy=a.policy,
        policies=policies,
        differing=differing(policies),
        practices=_practices(framework, a.practices, companies, quotes) if a.practices else None,
        aside=_aside(quotes),
        asks=tuple(e.ask for d in dimensions for e in d.elements if e.ask),
        sensitivity=tuple(_sensitivity(framework, s, quotes, elements.anchors) for s in a.sensitivity),
        rejections=_rejections(file, framework, sources.people),
        decisions=tuple((framework.element(d.element).name, sources.people.runs(decision_words(d))) for d in a.element_decisions),
        transcripts=transcripts,
        names=names,
        citation=framework.citation,
        url=framework.url,
        licence=framework.licence,
        notes=framework.notes,
        facts=_facts(file, framework, a, transcripts),
        recompute=_recompute(a),
        generated_at=generated_at or "",
        minimum=percent(framework.min_coverage),
        ratings={g.scope: g for g in (a.overall, *a.dimensions)},
    )


def _check_framework(a: Assessment, framework: Framework) -> None:
    known = {e.id for e in framework.elements}
    if (
        a.framework != framework.id
        or {r.element for r in a.elements} != known
        or {p.policy for p in a.policies} - {p.id for p in framework.policies}
    ):
        raise EvidenceError(
            f"the assessment was made with framework {a.framework} {a.framework_version}, which is not {framework.id} {framework.version}",
            remedy="give the framework that it names, in the version that it names",
        )


def _rejections(file: AssessmentFile, framework: Framework, people: People) -> tuple[RejectionView, ...]:
    return tuple(
        RejectionView(people.runs(r.quote), _element_name(framework, r.element), people.runs(r.reason), people.runs(r.engine))
        for r in file.rejections
    )


def _element_name(framework: Framework, element: str) -> str:
    """Rejected proposals may name an element that does not exist: then as they name it."""
    return next((e.name for e in framework.elements if e.id == element), element)


def _warnings(a: Assessment, framework: Framework, quotes: Mapping[str, Quote]) -> tuple[str, ...]:
    found = []
    if a.framework_hash != framework.hash:
        found.append(
            f"The framework has changed since this assessment was made: statements are shown as in {framework.id} {framework.version} "
            f"(SHA-256 {framework.hash[:12]}…), stages are those of {a.framework_version} ({a.framework_hash[:12]}…)."
        )
    elif not verify(framework, a):
        found.append("This assessment does not recompute: scoring its own evidence again gives another result. Do not rely on its stages.")
    if quotes and not any(q.counted for q in quotes.values()):
        found.append("No evidence is confirmed yet, so nothing is rated: proposals wait for review.")
    return tuple(found)


def _summary(transcripts: Sequence[Transcript], people: People, quotes: Mapping[str, Quote]) -> str:
    """``7 interviews · 9 respondents · 142 quotes, 97 of them counted``."""
    heard = {people.person(t, turn.speaker) for t in transcripts for turn in t.turns if turn.role is not Role.INTERVIEWER}
    counted = sum(q.counted for q in quotes.values())
    return " · ".join(
        [
            count(len(transcripts), "transcript"),
            count(len(heard), "respondent"),
            f"{count(len(quotes), 'quote')}, {counted:,} of them counted",
        ]
    )


def _aside(quotes: Mapping[str, Quote]) -> tuple[tuple[str, tuple[Quote, ...]], ...]:
    order = {reason: i for i, reason in enumerate(REASONS)}
    grouped: dict[str, list[Quote]] = {}
    for q in quotes.values():
        if not q.counted:
            grouped.setdefault(q.reason, []).append(q)
    return tuple((reason, tuple(grouped[reason])) for reason in sorted(grouped, key=lambda r: order.get(r, len(order))))


def _sensitivity(framework: Framework, s: Sensitivity, quotes: Mapping[str, Quote], places: Mapping[str, str]) -> SensitivityView:
    element = framework.element(s.element)
    statement = element.statement(s.statement) if s.statement else None
    what = {
        "withdraw": "taking back the confirmation of",
        "confirm": "confirming",
        "settle": f"settling the conflict on “{statement.text if statement else s.statement}”",
    }[s.change]
    result = framework.stage_name(s.stage) if s.stage is not None else "nothing rated"
    return SensitivityView(element.name, places[s.element], what, quotes.get(s.evidence), result, s.stage)


# ---------------------------------------------------------------- practices


def _practices(framework: Framework, result: PracticeResult, companies: Companies, quotes: Mapping[str, Quote]) -> PracticesView:
    rule = framework.practice_rule
    benchmarks = tuple(companies.companies if isinstance(companies, Benchmark) else companies or ())
    consistent = {
        c.company: practice_stage(framework, rule, {code for code, has in c.practices.items() if has})
        for c in benchmarks
        if rule is not None
    }
    descriptions = {p.code: p.description for p in framework.practices}
    names = {d.id: d.name for d in framework.dimensions}

    def row(number: int, r: PracticeRating) -> PracticeView:
        shown = tuple(quotes[i] for i in r.evidence if i in quotes)
        marks = tuple(c.practices.get(r.code) for c in benchmarks)
        return PracticeView(r.code, descriptions.get(r.code, ""), r.status, r.conflict, shown, marks, f"p{number}")

    return PracticesView(
        explanation=result.explanation,
        rule=result.rule,
        rule_note=rule.note if rule else "",
        rows=tuple(row(i, r) for i, r in enumerate(result.ratings, 1)),
        companies=tuple(_company(framework, c, consistent.get(c.company)) for c in benchmarks),
        benchmarks=benchmarks,
        consistent=consistent,
        citation=companies.citation if isinstance(companies, Benchmark) else "",
        notes=_benchmark_notes(companies),
        in_place=tuple(
            (names.get(d, d), {True: "in place", False: "not in place", None: "unknown"}[v]) for d, v in result.in_place.items()
        ),
    )


def _company(framework: Framework, c: CompanyBenchmark, consistent: int | None) -> CompanyView:
    names = {s.number: s.name for s in framework.stages}

    def name(stage: int | None) -> str:
        # The study may be of a framework with other stages than this one.
        return "not stated" if stage is None else names.get(stage, f"stage {stage}")

    return CompanyView(
        name=c.company,
        domain=c.domain,
        use_case=c.use_case,
        stated=name(c.actual_stage),
        desired=name(c.desired_stage),
        consistent=name(consistent) if consistent is not None else "",
        consistent_stage=consistent or 0,
        note=c.stage_note,
    )


def _benchmark_notes(companies: Companies) -> tuple[str, ...]:
    """Where the source contradicts itself, and what else a reader must know."""
    if not isinstance(companies, Benchmark):
        return ()
    found = [
        f"{d.place[0].upper()}{d.place[1:]} (company {', '.join(d.companies)}; {', '.join(d.codes)}): “{d.quote}”. {d.settled}"
        for d in companies.discrepancies
    ]
    return (*found, *companies.notes)


# ---------------------------------------------------------------- versions


def _facts(file: AssessmentFile, framework: Framework, a: Assessment, transcripts: Sequence[TranscriptView]) -> tuple[Fact, ...]:
    engines = sorted({e.engine for e in a.evidence if not e.engine.startswith("person/")})
    people = len({e.engine for e in a.evidence if e.engine.startswith("person/")})
    facts = [
        Fact("Assessment, SHA-256", a.hash, exact=True),
        Fact("Assessment structure", f"version {a.schema_version}"),
        Fact("Framework", f"{a.framework} {a.framework_version}"),
        Fact("Framework, SHA-256", a.framework_hash, exact=True),
        Fact("Headline policy", a.overall.rule.removeprefix("policy.")),
        Fact("Coding engines", ", ".join(engines) or "none"),
        Fact("People who coded", str(people)),
        Fact("Written by", file.software or "not stated"),
        Fact("Report by", f"mlops-interview-assistant {__version__}"),
    ]
    return (*facts, *(Fact(f"{t.label} {t.name}, SHA-256 of the original", t.sha256, exact=True) for t in transcripts))


def _recompute(a: Assessment) -> str:
    accept = "all" if a.draft else "confirmed"
    return f"assistant score DIR --accept {accept} --framework {a.framework} --policy {a.policy} --out assessment.json"


__all__ = ["Companies", "build"]
