"""Small builders that the scoring tests share: frameworks, evidence, decisions. Knows nothing of `assistant.scoring`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, Literal

from assistant.frameworks import load_framework
from assistant.models import (
    Dimension,
    Element,
    ElementDecision,
    ElementRating,
    Evidence,
    EvidenceState,
    Framework,
    Polarity,
    Policy,
    Practice,
    PracticeRule,
    PracticeStep,
    Prerequisite,
    RatingStatus,
    Stage,
    Statement,
    Status,
    TranscriptRef,
)

Run = tuple[int, int]
Action = Literal["settle", "not_applicable", "missing_evidence", "reopen"]

STAGES: Final = ("Ad hoc", "DataOps", "Manual MLOps", "Automated MLOps", "Kaizen MLOps")
TOP: Final = len(STAGES)
SINGLE: Final[tuple[Run, ...]] = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5))
DATA: Final[tuple[Run, ...]] = ((1, 1), (2, 4), (5, 5))
LOW_PAIR: Final[tuple[Run, ...]] = ((1, 2), (3, 3), (4, 4), (5, 5))

JOHN: Final[Mapping[str, Mapping[str, tuple[Run, ...]]]] = {
    "data": {"management": DATA, "governance": DATA, "versioning": DATA, "feature_store": DATA},
    "model": {"development": LOW_PAIR, "code_versioning": SINGLE, "metadata": LOW_PAIR, "reproducibility": SINGLE},
    "deployment": {"process": LOW_PAIR, "frequency": SINGLE, "cicd": SINGLE},
    "operations": {"monitoring": LOW_PAIR, "retraining_frequency": SINGLE, "infrastructure": SINGLE},
    "organisation": {"roles": SINGLE, "stakeholder_communication": SINGLE, "team_communication": SINGLE},
}
"""Dimensions, elements and the runs of equal cells of Table 9."""

CODES: Final[Mapping[str, tuple[str, ...]]] = {
    "data": ("D1", "D2", "D3", "D4", "D5", "D6"),
    "model": ("M1", "M2", "M3", "M4"),
    "deployment": ("DY1", "DY2", "DY3"),
    "operations": ("OI1", "OI2", "OI3"),
    "organisation": ("OG1", "OG2"),
}
"""Table 5."""

PREREQUISITES: Final = (Prerequisite(from_stage=4, elements=("deployment.process", "operations.monitoring")),)
MAJORITY: Final = Policy(id="majority", version=1, kind="majority", threshold=0.5, prerequisites=PREREQUISITES)
WEAKEST: Final = Policy(id="weakest-link", version=1, kind="minimum")
ISO: Final = Policy(id="iso33020", version=1, kind="nplf")
PLAIN: Final = Policy(id="plain", version=1, kind="majority", threshold=0.5)
"""Majority without prerequisites."""
POLICIES: Final = (MAJORITY, WEAKEST, ISO)

RULE: Final = PracticeRule(
    id="dimensions-in-place",
    version=1,
    threshold=0.5,
    steps=(
        PracticeStep(stage=1),
        PracticeStep(stage=2, require_dimensions=("data",)),
        PracticeStep(stage=3, require_dimensions=("data",), min_dimensions=3),
        PracticeStep(stage=4, min_dimensions=5, require_codes=("DY1", "OI1")),
    ),
)

# ---------------------------------------------------------------- frameworks


def element(element_id: str, runs: Sequence[Run] = SINGLE) -> Element:
    """An element whose statements stand for the stages in ``runs``."""
    statements = tuple(
        Statement(id=f"{element_id}#{low}-{high}", text=f"{element_id} as at {low} to {high}", stage_low=low, stage_high=high)
        for low, high in runs
    )
    return Element(id=element_id, name=element_id, description=f"About {element_id}.", statements=statements)


def framework(
    dimensions: Mapping[str, Mapping[str, Sequence[Run]]] = JOHN,
    *,
    policies: tuple[Policy, ...] = POLICIES,
    codes: Mapping[str, Sequence[str]] = CODES,
    rule: PracticeRule | None = RULE,
    min_coverage: float = 0.6,
) -> Framework:
    """A framework made in code; by default of John 2025's shape."""
    return Framework(
        id="test",
        version="1.0.0",
        title="Test framework",
        citation="Made in code.",
        stages=tuple(Stage(number=i, name=name) for i, name in enumerate(STAGES, start=1)),
        dimensions=tuple(
            Dimension(id=d, name=d.title(), elements=tuple(element(f"{d}.{e}", runs) for e, runs in rows.items()))
            for d, rows in dimensions.items()
        ),
        practices=tuple(Practice(code=c, description=c, dimension=d) for d, row in codes.items() for c in row),
        policies=policies,
        practice_rule=rule,
        min_coverage=min_coverage,
    )


def small(*elements: str, policies: tuple[Policy, ...] = POLICIES, min_coverage: float = 0.6) -> Framework:
    """A framework without practice codes; every statement stands for one stage. ``elements`` are ids, ``<dimension>.<name>``."""
    rows: dict[str, dict[str, Sequence[Run]]] = {}
    for element_id in elements:
        dimension, name = element_id.split(".")
        rows.setdefault(dimension, {})[name] = SINGLE
    return framework(rows, policies=policies, codes={}, rule=None, min_coverage=min_coverage)


@cache
def shape() -> Framework:
    """John 2025's shape, made in code."""
    return framework()


@cache
def real() -> Framework:
    """The framework that ships."""
    return load_framework("john-2025")


# ---------------------------------------------------------------- evidence and decisions


def ref(transcript: str = "t-1", name: str = "") -> TranscriptRef:
    return TranscriptRef(id=transcript, name=name or transcript, sha256="0" * 64)


def evidence(
    element_id: str,
    run: Run | None = None,
    *,
    stages: Run = (1, TOP),
    key: str = "",
    at: int = 0,
    framework_id: str = "test",
    transcript: str = "t-1",
    polarity: Polarity = Polarity.PRESENT,
    status: Status = Status.CURRENT,
    state: EvidenceState = EvidenceState.CONFIRMED,
    codes: tuple[str, ...] = (),
) -> Evidence:
    """Confirmed, current evidence unless told otherwise: on the statement of ``run``, or else unplaced within ``stages``."""
    low, high = run or stages
    quote = f"quote on {element_id}"
    return Evidence(
        id=f"e-{key or f'{element_id}-{low}-{high}-{at}'}",
        transcript=transcript,
        framework=framework_id,
        element=element_id,
        quote=quote,
        start=at,
        end=at + len(quote),
        polarity=polarity,
        status=status,
        stage_low=low,
        stage_high=high,
        statement=f"{element_id}#{low}-{high}" if run else None,
        codes=codes,
        engine="person/test",
        state=state,
    )


def absent(element_id: str, *, key: str = "", at: int = 0, state: EvidenceState = EvidenceState.CONFIRMED) -> Evidence:
    """Somebody said that it is not in place."""
    return evidence(element_id, stages=(1, 1), polarity=Polarity.ABSENT, key=key or f"absent-{element_id}-{at}", at=at, state=state)


def decision(
    element_id: str, action: Action, statement: str | None = None, *, reason: str = "Asked again.", key: str = "x-1"
) -> ElementDecision:
    return ElementDecision(id=key, element=element_id, reviewer="R. Viewer", action=action, statement=statement, reason=reason)


def settle(element_id: str, run: Run, *, reason: str = "Asked again.") -> ElementDecision:
    return decision(element_id, "settle", f"{element_id}#{run[0]}-{run[1]}", reason=reason)


# ---------------------------------------------------------------- ratings


def rating(element_id: str, stage: int | None = None, *, low: int = 1, high: int = TOP, applicable: bool = True) -> ElementRating:
    """Rated at ``stage``; without one unknown (or, with narrower bounds, unplaced) or not applicable."""
    status = RatingStatus.RATED
    if not applicable:
        status = RatingStatus.NOT_APPLICABLE
    elif stage is None:
        status = RatingStatus.UNKNOWN if (low, high) == (1, TOP) else RatingStatus.UNPLACED
    return ElementRating(
        element=element_id, status=status, stage=stage, low=stage or low, high=stage or high, rule="test", explanation="Made in a test."
    )


def ratings(stages: Mapping[str, int] | Mapping[str, int | None]) -> tuple[ElementRating, ...]:
    """Rated where a stage is given, unknown where None."""
    return tuple(rating(element_id, stage) for element_id, stage in stages.items())
