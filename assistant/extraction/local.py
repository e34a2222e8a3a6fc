"""The local engine: no key, no network, deterministic.

Where the framework has trained heads (``extraction/heads/<id>.npz``) they decide which sentences are evidence of what, whose
time, and which stages; for any other framework the same heads judge whether a sentence tells of current practice, and
retrieval over the framework's own texts judges of which element and statement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assistant.embeddings import Embedder
from assistant.extraction import cues, features, heads
from assistant.extraction.base import Coding, in_order, only_statement, to_evidence
from assistant.extraction.features import Matrix, Sentence
from assistant.extraction.heads import STATUSES, Heads, Prediction, softmax
from assistant.extraction.spans import Passage, best_range, between, focus, likely_statement, passages
from assistant.models import CodingResult, CodingTask, Element, Framework, Polarity, Segment, Status
from assistant.retrieval import Retriever
from assistant.segments import segment

CODE_VERSION = "2"
"""Raised whenever the engine's code changes what it finds."""
CLEARLY_NOT_CURRENT = 0.07
"""Below this probability of ``current`` a claim is coded with the status that the head prefers."""
DENIAL = 3.0
"""What a cue that something is not done, or not in an agreed way, adds to the logits of the low stage ranges."""
RATE = 3.0
"""The same for a stated frequency and its stage, where the element is one of frequency."""
SURELY = 0.02
"""So far above the focus of talk that wanders a conversation is read as an interview."""
MORE_LIKELY = 0.5
"""A statement that is likelier than all others together is the one that a piece of evidence is placed on."""
REFERENCE = "john-2025"
"""Framework of the heads that judge other frameworks' transcripts."""


@dataclass(frozen=True)
class _View:
    """One conversation as the engine sees it."""

    framework: Framework
    sentences: list[Sentence]
    segments: list[Segment]
    heads: Heads
    prediction: Prediction
    keeps: float
    """How far the conversation keeps to the subject: 0 talk that wanders, 1 an interview. Plain cues and close placing are for interviews:
    in talk that wanders, a "no" or a "nobody" is more often part of a story."""


class LocalEngine:
    """Codes with trained linear heads over frozen sentence embeddings.

    Args:
        embedder: The model that the heads were trained with.
        retriever: Of the framework, where it has no heads of its own.

    Raises:
        ModelFileError: the heads are missing, damaged or of another version or embedding model.
    """

    name = "local"

    def __init__(self, embedder: Embedder, *, retriever: Retriever | None = None) -> None:
        self._embedder = embedder
        self._retriever = retriever
        self._reference = heads.load(heads.heads_path(REFERENCE))
        self.version = f"{CODE_VERSION}+{self._reference.digest[:10]}.{embedder.id}"

    def code(self, task: CodingTask) -> CodingResult:
        """See `Engine.code`."""
        sentences, kept = features.sentences_of(task.transcript, segment(task.transcript))
        if not sentences:
            return CodingResult(key=task.key, evidence=())
        head = self._reference
        dense = features.dense(sentences, self._embedder.embed, head.meta["dense_scale"])
        prediction = head.predict(sentences, dense)
        wanders = head.meta["focus"][0]
        keeps = between(focus(prediction.current), wanders, wanders + SURELY, 0.0, 1.0)
        view = _View(task.framework, sentences, kept, head, prediction, keeps)
        own = [e.id for e in task.framework.elements] == list(head.columns.elements)
        found = self._with_heads(view) if own else self._with_retrieval(view, dense)
        coder = f"{self.name}/{self.version}"
        evidence = []
        for coding, at in found:
            turn = task.transcript.turns[kept[at].turn]
            evidence.append(to_evidence(task.transcript, task.framework.id, task.framework.element(coding.element), turn, coding, coder))
        return CodingResult(key=task.key, evidence=in_order(evidence))

    # ------------------------------------------------------------ frameworks with heads

    def _with_heads(self, view: _View) -> list[tuple[Coding, int]]:
        meta = view.heads.meta
        # Talk that wanders is coded from weaker signs and with more of its surroundings than an interview that keeps to the subject.
        at = focus(view.prediction.current)
        threshold = between(at, *meta["focus"], *meta["threshold"])
        widen = between(at, *meta["focus"], *meta["widen"])
        out: list[tuple[Coding, int]] = []
        for column, element in enumerate(view.framework.elements):
            current = view.prediction.current[:, column]
            taken = np.zeros(len(view.sentences), dtype=bool)
            for passage in passages(view.sentences, current, threshold, widen, taken):
                out.append((self._coding(view, element, column, passage, _status(view, passage.peak)), passage.peak))
            # What is left may still be evidence of another time or of others' practice: kept, with its status.
            other = np.where(view.prediction.status[:, 0] < 0.5, view.prediction.any[:, column], 0.0).astype(np.float32)
            other[taken] = 0.0
            for passage in passages(view.sentences, other, meta["threshold_other"], widen, taken):
                status = Status(STATUSES[1 + int(np.argmax(view.prediction.status[passage.peak, 1:]))])
                out.append((self._coding(view, element, column, passage, status), passage.peak))
        return out

    def _coding(self, view: _View, element: Element, column: int, passage: Passage, status: Status) -> Coding:
        rows = slice(passage.first, passage.last + 1)
        absent = float(view.prediction.absent[passage.peak]) > view.heads.meta["threshold_absent"]
        low, high = (1, 1) if absent else _place(view, element, column, passage.peak)
        codes = self._codes(view, element, column, rows, absent)
        return Coding(
            element=element.id,
            start=view.segments[passage.first].start,
            end=view.segments[passage.last].end,
            status=status,
            polarity=Polarity.ABSENT if absent else Polarity.PRESENT,
            stage_low=low,
            stage_high=high,
            codes=codes,
            confidence=passage.probability,
            rationale=_rationale(view, element, passage, (low, high), absent),
            statement=only_statement(element, low, high),
        )

    def _codes(self, view: _View, element: Element, column: int, rows: slice, absent: bool) -> tuple[str, ...]:
        logits = view.prediction.code_logits[rows].max(axis=0) + view.heads.code_bias[column]
        names = view.heads.columns.codes
        wanted = []
        # A code that somebody added to a copy of the framework is one that the heads have never seen.
        for code in (c for c in element.codes if c in names):
            shown, denied = logits[names.index(code)], logits[names.index(f"!{code}")]
            if max(shown, denied) < 0:
                continue
            if denied > shown:
                wanted.append(f"!{code}")
            elif not absent:
                wanted.append(code)
        return tuple(wanted)

    # ------------------------------------------------------------ any other framework

    def _with_retrieval(self, view: _View, dense: Matrix) -> list[tuple[Coding, int]]:
        assert self._retriever is not None, "make_engine gives a retriever for frameworks without heads"
        size = self._embedder.dimension
        own = dense[:, :size] / view.heads.meta["dense_scale"]["self"]
        similarity, lexical = self._retriever.element_scores([s.text for s in view.sentences], own)
        share = softmax(similarity / view.heads.meta["retrieval_temperature"] + 0.1 * np.log1p(lexical))
        gate = view.prediction.current.max(axis=1)
        out: list[tuple[Coding, int]] = []
        for column, element in enumerate(view.framework.elements):
            for passage in passages(
                view.sentences, gate * share[:, column], view.heads.meta["threshold_retrieval"], view.heads.meta["widen"][1]
            ):
                nearest = self._retriever.nearest_statements(element.id, own[passage.peak])
                statement, score = nearest[0]
                why = f"nearest statement by meaning ({score:.2f}): {statement.text}"
                # Meaning alone cannot tell neighbouring stages apart: placed only where it clearly prefers one.
                clear = len(nearest) == 1 or score - nearest[1][1] > 0.05
                low, high = (statement.stage_low, statement.stage_high) if clear else (1, len(view.framework.stages))
                out.append(
                    (
                        Coding(
                            element=element.id,
                            start=view.segments[passage.first].start,
                            end=view.segments[passage.last].end,
                            stage_low=low,
                            stage_high=high,
                            confidence=passage.probability,
                            rationale=why,
                            statement=statement.id if clear else None,
                        ),
                        passage.peak,
                    )
                )
        return out


def _status(view: _View, at: int) -> Status:
    """Current, unless the status head clearly hears another time or others' practice ("next year we will …")."""
    told = view.prediction.status[at]
    return Status.CURRENT if float(told[0]) >= CLEARLY_NOT_CURRENT else Status(STATUSES[1 + int(np.argmax(told[1:]))])


def _place(view: _View, element: Element, column: int, at: int) -> tuple[int, int]:
    """The stages that the sentence at the peak speaks of; in an interview one statement where it is likelier than all others together."""
    pairs = view.heads.columns.pairs
    text = view.sentences[at].text
    signs = cues.denies(text) + cues.is_loose(text)
    logits = view.prediction.stage_logits[at] + view.heads.stage_bias[column] + view.keeps * DENIAL * signs * heads.lowness(pairs)
    stage = cues.rate(text) if element.id.endswith("frequency") else None
    if stage is not None and (stage, stage) in pairs:
        logits[pairs.index((stage, stage))] += view.keeps * RATE
    distribution = softmax(logits)
    low, high = _snap(element, *best_range(distribution, pairs, len(view.framework.stages)))
    statement = likely_statement(distribution, pairs, element, between(view.keeps, 0.0, 1.0, 1.0, MORE_LIKELY))
    if statement is not None and statement.stage_low <= high and low <= statement.stage_high:
        return statement.stage_low, statement.stage_high
    return low, high


def _snap(element: Element, low: int, high: int) -> tuple[int, int]:
    """Widen a range to whole statements: half a statement is not a place."""
    return element.statement_at(low).stage_low, element.statement_at(high).stage_high


def _rationale(view: _View, element: Element, passage: Passage, stages: tuple[int, int], absent: bool) -> str:
    """One line: the words that decided, and what was read from them."""
    text = " ".join(view.sentences[i].text for i in range(passage.first, passage.last + 1))
    cues = ", ".join(f"“{c}”" for c in view.heads.cues(text, element.id))
    read = "said not to be there" if absent else f"stage {stages[0]}" if stages[0] == stages[1] else f"stages {stages[0]} to {stages[1]}"
    source = f"cue {cues}" if cues else "by meaning and context"
    return f"{element.name}: {source}; {read}"
