"""For tests of reports: coded samples (``oracle/*.tsv``) as transcripts with evidence, made-up frameworks, a strict reader of pages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

from assistant.models import (
    AssessmentFile,
    Dimension,
    Element,
    ElementDecision,
    Evidence,
    EvidenceState,
    Framework,
    Polarity,
    Policy,
    Practice,
    PracticeRule,
    PracticeStep,
    Probe,
    Rejection,
    Role,
    Stage,
    Statement,
    Status,
    TimedSpan,
    Transcript,
    TranscriptRef,
    Turn,
)
from assistant.scoring import score

ORACLE = Path(__file__).parent / "oracle"
STATUS = {"c": Status.CURRENT, "p": Status.PLANNED, "h": Status.PAST, "g": Status.GENERAL}
SECONDS_A_WORD = 0.4


class _Label:
    """One label of one sentence, grown over the sentences that continue it."""

    def __init__(self, spec: str, start: int, end: int, turn: int, speaker: str) -> None:
        self.element, status, polarity, stages, *codes = spec.split("/")
        self.status, self.polarity = STATUS[status], Polarity.PRESENT if polarity == "+" else Polarity.ABSENT
        self.low, self.high = (int(n) for n in stages.split("-"))
        self.codes = tuple(codes[0].split(",")) if codes else ()
        self.start, self.end, self.turn, self.speaker = start, end, turn, speaker

    def evidence(self, t: Transcript, framework: Framework, state: EvidenceState) -> Evidence:
        fitting = framework.element(self.element).statements_in(self.low, self.high)
        statement = fitting[0].id if len(fitting) == 1 else None
        engine = "local/0.1.0"
        return Evidence(
            id=Evidence.make_id(
                transcript=t.id,
                framework=framework.id,
                engine=engine,
                element=self.element,
                start=self.start,
                end=self.end,
                coding=str(self.codes),
            ),
            transcript=t.id,
            framework=framework.id,
            element=self.element,
            quote=t.text[self.start : self.end],
            start=self.start,
            end=self.end,
            speaker=self.speaker,
            turn=self.turn,
            time=t.turns[self.turn].time_at(self.start),
            polarity=self.polarity,
            status=self.status,
            stage_low=self.low,
            stage_high=self.high,
            statement=statement,
            codes=self.codes,
            confidence=0.62 + (self.start % 37) / 100,
            engine=engine,
            rationale=f"{self.element}: says who or what does it",
            state=state,
        )


def read_sample(path: Path, framework: Framework, *, state: EvidenceState = EvidenceState.CONFIRMED) -> tuple[Transcript, list[Evidence]]:
    """The interview of a coded file and its labels as evidence."""
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    people = {p.strip()[0]: re.sub(r"\s*\(.*", "", p.strip()[2:]) for p in head.split("|")[2].split(";")}
    text, clock, turns, labels, current = "", 2.5, [], [], ""
    spans: list[TimedSpan] = []
    start = 0

    def close() -> None:
        if current:
            role = Role.INTERVIEWER if current == "Q" else Role.RESPONDENT
            turns.append(Turn(index=len(turns), speaker=people[current], role=role, start=start, end=len(text), spans=tuple(spans)))

    for line in filter(None, lines):
        letter, sentence, *coded = line.split("\t")
        if letter != current:
            close()
            text += ("\n\n" if text else "") + f"{people[letter]}: "
            current, start, spans = letter, len(text), []
        else:
            text += " "
        low = len(text)
        text += sentence
        spans.append(TimedSpan(start=low, end=len(text), time_start=round(clock, 1)))
        clock += len(sentence.split()) * SECONDS_A_WORD
        for spec in coded[0].split() if coded and coded[0] != "-" else ():
            element, _, rest = spec.partition("/")
            if rest == ">":
                next(x for x in reversed(labels) if x.element == element).end = len(text)
            else:
                labels.append(_Label(spec, low, len(text), len(turns), people[letter]))
    close()
    digest = hashlib.sha256(text.encode()).hexdigest()
    t = Transcript(
        id=f"t-{digest[:16]}", name=path.stem, format="vtt", text=text, turns=tuple(turns), sha256=digest, size=len(text.encode())
    )
    return t, [x.evidence(t, framework, state) for x in labels]


def sample_file(names: Sequence[str], framework: Framework, *, draft: bool = False, leave: int = 0) -> AssessmentFile:
    """Samples scored together; every ``leave``-th piece of evidence stays a proposal."""
    transcripts, evidence = [], []
    for name in names:
        t, found = read_sample(ORACLE / f"{name}.tsv", framework)
        transcripts.append(t)
        evidence += found
    if leave:
        evidence = [e.model_copy(update={"state": EvidenceState.PROPOSED}) if i % leave == 0 else e for i, e in enumerate(evidence)]
    refs = [TranscriptRef(id=t.id, name=t.name, sha256=t.sha256) for t in transcripts]
    return AssessmentFile(
        assessment=score(framework, evidence, transcripts=refs, draft=draft), transcripts=tuple(transcripts), software="assistant 0.1.0"
    )


ALL = ("a-statistics", "b-banking", "c-healthcare", "d-pharma", "e-vehicles", "f-gaming", "g-mining")


# ---------------------------------------------------------------- made-up frameworks and transcripts


def small_framework(dimensions: int = 2, elements: int = 2, stages: int = 3, *, name: str = "Thing", probes: bool = True) -> Framework:
    """Any size; every cell is a statement of its own."""
    numbers = range(1, stages + 1)

    def element(d: int, i: int) -> Element:
        key = f"d{d}.e{i}"
        statements = tuple(
            Statement(id=f"{key}#{s}-{s}", text=f"{'Manual' if s < 3 else 'Automated'} {name} at {s}", stage_low=s, stage_high=s)
            for s in numbers
        )
        asked = (
            Probe(id="how", type="descriptive", text=f"How is {name} {d}.{i} done?"),
            Probe(id="who", type="clarifying", text=f"Who or what does {name} {d}.{i}?", seeks="automation"),
            Probe(id="last", type="idiographic", text=f"Tell me of the last {name} {d}.{i}.", seeks="example"),
        )
        return Element(id=key, name=f"{name} {d}.{i}", description="x", statements=statements, probes=asked if probes else ())

    return Framework(
        id="small",
        version="1.0.0",
        title=f"{name} framework",
        citation=f"Somebody, {name}",
        stages=tuple(Stage(number=s, name=f"Level {s}") for s in numbers),
        dimensions=tuple(
            Dimension(id=f"d{d}", name=f"{name} group {d}", elements=tuple(element(d, i) for i in range(1, elements + 1)))
            for d in range(1, dimensions + 1)
        ),
        policies=(Policy(id="majority", version=1, kind="majority"), Policy(id="weakest-link", version=1, kind="minimum")),
        practices=(Practice(code="X1", description=f"{name} code", dimension="d1"),),
        practice_rule=PracticeRule(
            id="rule", version=1, threshold=0.5, steps=(PracticeStep(stage=1), PracticeStep(stage=2, require_codes=("X1",)))
        ),
    )


def talk(*said: tuple[str, str], interviewer: str = "Ines Falk", name: str = "talk", times: bool = True) -> Transcript:
    """A transcript from (speaker, words) pairs."""
    text, turns = "", []
    for i, (speaker, words) in enumerate(said):
        text += ("\n\n" if text else "") + f"{speaker}: "
        start = len(text)
        text += words
        role = Role.INTERVIEWER if speaker == interviewer else Role.RESPONDENT
        spans = (TimedSpan(start=start, end=len(text), time_start=30.0 * i),) if times else ()
        turns.append(Turn(index=i, speaker=speaker, role=role, start=start, end=len(text), spans=spans))
    digest = hashlib.sha256(f"{name}{text}".encode("utf-8", "replace")).hexdigest()
    return Transcript(id=f"t-{digest[:16]}", name=name, format="vtt", text=text, turns=tuple(turns), sha256=digest, size=len(text))


def said(
    t: Transcript,
    words: str,
    element: str,
    low: int,
    high: int,
    framework: Framework,
    *,
    state: EvidenceState = EvidenceState.CONFIRMED,
    status: Status = Status.CURRENT,
    polarity: Polarity = Polarity.PRESENT,
    codes: tuple[str, ...] = (),
    rationale: str = "cue",
    engine: str = "local/1",
) -> Evidence:
    """Evidence that quotes ``words`` where they first occur."""
    start = t.text.index(words)
    turn = max((u for u in t.turns if u.start <= start), key=lambda u: u.start)
    fitting = framework.element(element).statements_in(low, high)
    key = f"{t.id}{element}{start}{len(words)}{state}{status}{polarity}{low}{high}{engine}"
    return Evidence(
        id="e-" + hashlib.sha256(key.encode()).hexdigest()[:16],
        transcript=t.id,
        framework=framework.id,
        element=element,
        quote=words,
        start=start,
        end=start + len(words),
        speaker=turn.speaker,
        turn=turn.index,
        time=turn.time_at(start),
        polarity=polarity,
        status=status,
        stage_low=low,
        stage_high=high,
        statement=fitting[0].id if len(fitting) == 1 else None,
        codes=codes,
        confidence=0.75,
        engine=engine,
        rationale=rationale,
        state=state,
    )


def file_of(
    framework: Framework,
    transcripts: Sequence[Transcript],
    evidence: Sequence[Evidence],
    *,
    decisions: Sequence[ElementDecision] = (),
    draft: bool = False,
    rejections: Sequence[Rejection] = (),
) -> AssessmentFile:
    """Scored, with its transcripts."""
    refs = [TranscriptRef(id=t.id, name=t.name, sha256=t.sha256) for t in transcripts]
    assessment = score(framework, evidence, transcripts=refs, element_decisions=decisions, draft=draft)
    return AssessmentFile(assessment=assessment, transcripts=tuple(transcripts), rejections=tuple(rejections), software="test")


# ---------------------------------------------------------------- reading a page


VOID = frozenset(["meta", "link", "br", "img", "input", "hr", "col", "wbr", "area", "base"])
SVG_EMPTY = frozenset(["rect", "line", "circle", "path"])


class Page(HTMLParser):
    """A strict reader: every end tag must match, ids are unique, text and attributes are kept."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[tuple[str, dict[str, str]]] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.ids: set[str] = set()
        self.text: list[str] = []
        self.by_id: dict[str, list[str]] = {}
        self.marks: dict[str, list[str]] = {}
        self.blockquotes: dict[str, list[str]] = {}
        self.faults: list[str] = []
        self.feed(html)
        self.close()
        self.faults += [f"never closed: {tag}" for tag, _ in self.stack]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {k: v or "" for k, v in attrs}
        if len(values) != len(attrs):
            self.faults.append(f"attribute twice in {tag}")
        self.tags.append((tag, values))
        if "id" in values:
            if values["id"] in self.ids:
                self.faults.append(f"id twice: {values['id']}")
            self.ids.add(values["id"])
        if tag not in VOID:
            self.stack.append((tag, values))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.stack or self.stack[-1][0] != tag:
            self.faults.append(f"</{tag}> closes {self.stack[-1][0] if self.stack else 'nothing'}")
            return
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        if any(tag == "style" for tag, _ in self.stack):
            return
        self.text.append(data)
        for _, values in self.stack:
            if "id" in values:
                self.by_id.setdefault(values["id"], []).append(data)
            for number in values.get("data-quotes", "").split():
                self.marks.setdefault(number, []).append(data)
        if any(tag == "blockquote" for tag, _ in self.stack):
            figure = next((v["id"] for tag, v in reversed(self.stack) if tag == "figure"), "")
            self.blockquotes.setdefault(figure, []).append(data)

    @property
    def shown(self) -> str:
        return "".join(self.text)

    def attributes(self, name: str) -> list[str]:
        return [values[name] for _, values in self.tags if name in values]
