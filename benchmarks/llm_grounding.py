"""Does grounding refuse what was not said and recover what was? One command:

    python -m benchmarks.llm_grounding [FOLDER] [--peer] [--json]

FOLDER holds ``transcripts/*.txt`` and ``gold/coder_a/*.jsonl``. 40 planted model errors must be refused, 40 true quotes with altered
blanks, case, punctuation, quotation marks and elisions must be found at the right place. All are derived from the files by rule (a seeded
generator chooses), so no word of them is in the project. Prints how many of each were accepted and recovered. ``--peer`` runs langextract's aligner over the same quotes.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.grounding import Grounded, Grounder
from assistant.models import Role, Transcript
from assistant.transcripts import read_transcript
from benchmarks.evaluation import EVALUATION, parser_of, transcripts
from benchmarks.llm_peer import peer_align

INVENTED = (
    "We keep every dataset version in a registry that the auditors can browse.",
    "Our models are retrained each night by a scheduled pipeline.",
    "There is a feature store that all teams share, and it feeds both training and serving.",
    "Nobody on the team looks at drift, we wait until a customer complains.",
    "The data scientists throw a pickle file over the wall and operations rewrites it.",
    "We release a new model to production about twice a month after a sign-off.",
    "Every pull request is reviewed by two colleagues before it is merged.",
    "An alert goes to the on-call engineer when accuracy falls below the agreed limit.",
    "All experiments are tracked, so anybody can repeat a run from a year ago.",
    "Access to personal data is granted by the data owner and recorded automatically.",
    "We have a weekly meeting with the business in which we show a dashboard.",
    "Labels are checked by a second annotator and disagreements go to an expert.",
    "The whole platform runs on a managed cluster that another department pays for.",
    "We do canary releases and roll back automatically when the error rate rises.",
    "Model cards are written by hand and kept in a shared folder.",
    "Our build server runs unit tests and a small training job on each commit.",
    "Two engineers look after deployment, the rest of us only do the modelling.",
    "We ask the users for feedback each quarter and feed that into the next training.",
    "There is no process at all, whoever has time copies the model to the server.",
    "The retraining is triggered by a statistical test on the incoming data.",
)


@dataclass(frozen=True)
class Case:
    """A quote as a model might give it."""

    kind: str
    quote: str
    transcript: Transcript
    span: tuple[int, int] | None = None
    """Where it was said; None for an error."""


def load(folder: Path) -> list[tuple[Transcript, list[tuple[int, int]]]]:
    """Transcripts with the spans of one coding, whole sentences of 8 to 45 words, said once."""
    found = []
    for path in transcripts(folder):
        transcript = read_transcript(path)
        spans = []
        for line in (folder / "gold" / "coder_a" / f"{path.stem}.jsonl").read_text().splitlines():
            quote = json.loads(line)["quote"]
            at = transcript.text.find(quote)
            if at >= 0 and 8 <= len(quote.split()) <= 45 and transcript.text.count(quote) == 1:
                spans.append((at, at + len(quote)))
        found.append((transcript, sorted(set(spans))))
    return found


def errors(data: list[tuple[Transcript, list[tuple[int, int]]]], rng: random.Random) -> list[Case]:
    """20 invented quotes and four of each of five kinds of alteration."""
    cases = [Case("invented", quote, data[n % len(data)][0]) for n, quote in enumerate(INVENTED)]
    quotes = [(t, t.text[a:b]) for t, spans in data for a, b in spans]
    rng.shuffle(quotes)
    makers = {"negation": _negated, "number or name": _renumbered}
    for kind, maker in makers.items():
        made = [Case(kind, m, t) for t, q in quotes for m in [maker(q)] if m]
        cases += made[:4]
    return cases + list(_stitched(data, 4)) + list(_interviewer(data, 4)) + list(_foreign(data, 4))


def _negated(quote: str) -> str | None:
    """The quote with its negation dropped, or one added."""
    if re.search(r"\b(?:not|never)\b", quote):
        return re.sub(r"\s*\b(?:not|never)\b", "", quote, count=1)
    if re.search(r"n't\b", quote):
        return re.sub(r"n't\b", "", quote, count=1)
    changed = re.sub(r"\b(are|is|have|can|do)\b(?! not)", r"\1 not", quote, count=1)
    return changed if changed != quote else None


def _renumbered(quote: str) -> str | None:
    """The quote with another number, or another name in the middle of a sentence."""
    if re.search(r"\d", quote):
        return re.sub(r"\d", lambda m: str((int(m.group()) + 3) % 10), quote, count=1)
    changed = re.sub(r"(?<=[a-z,] )(?:[A-Z][a-z]{3,}|two|three|four|five|ten)\b", "Kubeflow", quote, count=1)
    return changed if changed != quote else None


def _stitched(data: list[tuple[Transcript, list[tuple[int, int]]]], n: int) -> Iterator[Case]:
    """End of one turn and beginning of the respondent's next, as one quote."""
    for transcript, _ in data[:n]:
        turns = [t for t in transcript.respondent_turns() if len(transcript.text[t.start : t.end].split()) > 20]
        first, second = turns[3], turns[4]
        left = transcript.text[first.start : first.end].split()[-8:]
        right = transcript.text[second.start : second.end].split()[:8]
        yield Case("stitched", " ".join(left) + " " + " ".join(right), transcript)


def _interviewer(data: list[tuple[Transcript, list[tuple[int, int]]]], n: int) -> Iterator[Case]:
    for transcript, _ in data[:n]:
        turns = [t for t in transcript.turns if t.role is Role.INTERVIEWER and len(transcript.text[t.start : t.end].split()) > 25]
        words = transcript.text[turns[5].start : turns[5].end].split()
        yield Case("interviewer", " ".join(words[-20:]), transcript)


def _foreign(data: list[tuple[Transcript, list[tuple[int, int]]]], n: int) -> Iterator[Case]:
    for k in range(n):
        other, spans = data[(k + 1) % len(data)]
        yield Case("other transcript", other.text[slice(*spans[3])], data[k % len(data)][0])


def truths(data: list[tuple[Transcript, list[tuple[int, int]]]], rng: random.Random) -> list[Case]:
    """Eight of each of five kinds of harmless alteration."""
    pool = [(t, s) for t, spans in data for s in spans]
    rng.shuffle(pool)
    kinds = ("blanks", "case", "punctuation", "curly", "elision")
    cases, used = [], 0
    for kind in kinds:
        done = 0
        while done < 8:
            transcript, span = pool[used % len(pool)]
            used += 1
            changed = _altered(kind, transcript.text[slice(*span)])
            if changed is not None:
                cases.append(Case(kind, changed, transcript, span))
                done += 1
    return cases


def _altered(kind: str, quote: str) -> str | None:
    words = quote.split()
    if kind == "blanks":
        return "  " + "\n".join(" ".join(words[n : n + 5]) for n in range(0, len(words), 5)).replace(" ", "\u00a0 ", 2) + " "
    if kind == "case":
        return quote.upper() if len(words) % 2 else quote.lower()
    if kind == "punctuation":
        return re.sub(r"[,.;:]", "", quote).replace("-", "–") + "."
    if kind == "curly":
        return "“" + quote.replace("'", "’") + "”" if "'" in quote else None
    third = len(words) // 3
    if third < 3:
        return None
    return f"{' '.join(words[:third])} … {' '.join(words[-third:])}"


def main() -> int:
    """Prints the figures; 0 where nothing false is accepted and at least 38 of 40 true quotes are found."""
    parser = parser_of(__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=EVALUATION)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--peer", action="store_true", help="also run langextract's aligner")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    data = load(args.folder)
    rng = random.Random(args.seed)
    false, true = errors(data, rng), truths(data, rng)
    grounders = {t.id: Grounder(t) for t, _ in data}
    wrong, missed = [], []
    for case in false:
        found = grounders[case.transcript.id].ground(case.quote)
        if isinstance(found, Grounded):
            wrong.append((case.kind, case.quote, case.transcript.text[found.start : found.end]))
    for case in true:
        found = grounders[case.transcript.id].ground(case.quote)
        if not (isinstance(found, Grounded) and _same(case, found)):
            missed.append((case.kind, case.quote, str(found)))
    result: dict[str, object] = {"errors": len(false), "accepted": len(wrong), "true": len(true), "recovered": len(true) - len(missed)}
    if args.peer:
        spans, version = peer_align([(c.quote, c.transcript.text) for c in (*false, *true)])
        right = [c for c, s in zip(true, spans[len(false) :], strict=True) if s and _at(c, *s)]
        accepted = sum(s is not None for s in spans[: len(false)])
        result[f"langextract {version}"] = {"accepted": accepted, "recovered": len(right)}
    for line in [*wrong, *missed] if not args.json else []:
        print(*line, sep="\n    ")
    print(json.dumps(result))
    return 0 if not wrong and len(missed) <= 2 else 1


def _same(case: Case, found: Grounded) -> bool:
    """The right place: the same first and last word."""
    return _at(case, found.start, found.end)


def _at(case: Case, start: int, end: int) -> bool:
    text = case.transcript.text
    return case.span is not None and text[slice(*case.span)].strip(" .,;:!?…\"'“”") == text[start:end].strip(" .,;:!?…\"'“”")


if __name__ == "__main__":
    raise SystemExit(main())
