"""Several codings of one transcript -> one, by agreement; the votes are kept.

Passes of one model (with other seeds) or different models propose independently. Proposals of the same element and polarity whose spans
overlap by half of the shorter one are the same claim. A claim stands if enough passes propose it; the others are listed as refused, with
their votes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from assistant.errors import EngineError
from assistant.extraction.base import Coding, in_order, to_evidence
from assistant.extraction.llm.engine import IncompleteError, LLMEngine, LLMRun, Progress
from assistant.models import CodingResult, CodingTask, Evidence, Framework, Rejection, Transcript

T = TypeVar("T", bound=Hashable)


@dataclass
class _Claim:
    """Proposals that say the same, at most one a pass."""

    votes: dict[int, Evidence] = field(default_factory=dict)

    def same(self, other: Evidence) -> bool:
        """Whether ``other`` says what this claim's first proposal says."""
        one = next(iter(self.votes.values()))
        overlap = min(one.end, other.end) - max(one.start, other.start)
        shorter = min(one.end - one.start, other.end - other.start)
        return one.element == other.element and one.polarity == other.polarity and 2 * overlap >= shorter


def _most(values: Iterable[T]) -> T:
    """The most frequent value; of equally frequent ones the first."""
    return Counter(values).most_common(1)[0][0]


class ConsensusEngine:
    """Codes with several engines and keeps what enough of them found.

    Args:
        engines: One a pass; all must differ in model or pass number.
        needed: Votes that a claim needs; more than half where unset.

    Raises EngineError for fewer than two engines or an impossible number of votes.
    """

    name = "llm"

    def __init__(self, engines: Sequence[LLMEngine], *, needed: int | None = None) -> None:
        self.engines = tuple(engines)
        self.needed = needed if needed is not None else len(self.engines) // 2 + 1
        if len(self.engines) < 2 or not 1 <= self.needed <= len(self.engines):
            raise EngineError(f"{self.needed} votes of {len(self.engines)} passes make no consensus", remedy="use at least two passes")
        self.version = "+".join(dict.fromkeys(e.version for e in self.engines))
        models = Counter(e.model for e in self.engines)
        self.coder = "llm/" + "+".join(f"{m}×{n}" if n > 1 else m for m, n in models.items())

    def task(self, transcript: Transcript, framework: Framework) -> CodingTask:
        """The unit of work: all passes' settings together."""
        settings = {
            "model": self.coder.removeprefix("llm/"), "needed": self.needed,
            "passes": [e.task(transcript, framework).settings for e in self.engines],
        }  # fmt: skip
        return CodingTask(transcript=transcript, framework=framework, engine=self.name, engine_version=self.version, settings=settings)

    def code(self, task: CodingTask) -> CodingResult:
        """See `Engine.code`. Raises IncompleteError where a window of a pass failed."""
        return self.run([task])[0]

    def run(self, tasks: Sequence[CodingTask], *, progress: Progress | None = None, send: bool = True) -> tuple[CodingResult, ...]:
        """Codes transcripts in all passes. Raises IncompleteError of the first pass that is not complete; what is done is kept."""
        passes: list[tuple[LLMRun, ...]] = []
        for engine in self.engines:
            passes.append(engine.run([engine.task(t.transcript, t.framework) for t in tasks], progress=progress, send=send))
        for run in (r for one in passes for r in one):
            if run.failed:
                raise IncompleteError(run)
        return tuple(self.combine(task, [one[n].result for one in passes]) for n, task in enumerate(tasks))

    def combine(self, task: CodingTask, results: Sequence[CodingResult]) -> CodingResult:
        """One coding of several, in the order of the passes. Pure."""
        claims: list[_Claim] = []
        for n, result in enumerate(results):
            for proposal in result.evidence:
                fitting = next((c for c in claims if n not in c.votes and c.same(proposal)), None)
                if fitting is None:
                    fitting = _Claim()
                    claims.append(fitting)
                fitting.votes[n] = proposal
        evidence, refused = [], [r for result in results for r in result.rejections]
        for claim in claims:
            if len(claim.votes) >= self.needed:
                evidence.append(self._agreed(task, claim, len(results)))
            else:
                one = next(iter(claim.votes.values()))
                reason = f"{len(claim.votes)} of {len(results)} passes propose it, {self.needed} are needed"
                refused.append(Rejection(quote=one.quote, element=one.element, reason=reason, engine=self.coder))
        return CodingResult(key=task.key, evidence=in_order(evidence), rejections=tuple(refused))

    def _agreed(self, task: CodingTask, claim: _Claim, passes: int) -> Evidence:
        """The claim with what most passes say of each part."""
        votes = list(claim.votes.values())
        start, end = _most((e.start, e.end) for e in votes)
        low, high = _most((e.stage_low, e.stage_high) for e in votes)
        codes = tuple(c for c in dict.fromkeys(c for e in votes for c in e.codes) if 2 * sum(c in e.codes for e in votes) > len(votes))
        status = _most(e.status for e in votes)
        for_status = sum(e.status == status for e in votes)
        for_stages = sum((e.stage_low, e.stage_high) == (low, high) for e in votes)
        coding = Coding(
            element=votes[0].element, start=start, end=end, status=status, polarity=votes[0].polarity, stage_low=low, stage_high=high,
            codes=codes, confidence=len(votes) / passes,
            rationale=f"votes: {len(votes)} of {passes} passes; {for_status} for {status.value}, {for_stages} for stages {low}-{high}",
        )  # fmt: skip
        turn = next(t for t in task.transcript.turns if t.start <= start < t.end)
        return to_evidence(task.transcript, task.framework.id, task.framework.element(votes[0].element), turn, coding, self.coder)
