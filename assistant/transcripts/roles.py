"""Who interviews and who answers: a guess with its reasons, and the ways to overrule it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from assistant.models import Role, Transcript, Turn
from assistant.transcripts.labels import ANSWERERS, ASKERS, key
from assistant.transcripts.limits import fail


@dataclass(frozen=True, slots=True)
class Guess:
    """Who seems to interview."""

    interviewers: tuple[str, ...]
    """Speakers, in order of first appearance; empty where nothing tells."""
    reason: str
    """One sentence for the user."""


@dataclass(slots=True)
class _Speaker:
    """What one speaker's turns show."""

    name: str
    turns: int = 0
    words: int = 0
    closing_questions: int = 0
    prompts: int = 0
    hosting: int = 0
    guest: int = 0
    named_host: bool = False
    opens: bool = False
    score: float = 0.0


_QUESTION_END: Final = re.compile(r"[?？؟][\"'”’»)\]\s]*\Z")
_TAG_QUESTION: Final = re.compile(
    r"(?:\b(?:right|okay|ok|yeah|yes|no|huh|you know|correct|see|isn't it|don't you think|oder|verdad|n'est-ce pas))\s{0,3}[?？؟]\W{0,5}\Z",
    re.IGNORECASE,
)
_PROMPT: Final = re.compile(
    r"\b(?:tell (?:me|us)|(?:can|could|would|do|did|have|are|were|will) you\b|how (?:do|did|does|are|is|have) (?:you|your)|"
    r"what(?:'s| is| are| was| do| did) (?:you|your)|walk (?:me|us) through|you (?:mentioned|said)|i'm (?:curious|wondering)|"
    r"i was wondering|(?:next|last|first|final) question|let's (?:talk|start|move)|"
    r"können sie|wie (?:haben|machen) sie|pouvez-vous|puede|podría|cómo)",
    re.IGNORECASE,
)
_HOSTING: Final = re.compile(
    r"\bwelcome (?:back )?to\b|"
    r"\bthank(?:s| you)[\w ,]{0,30} for (?:joining|coming|taking (?:the|your|part)|being (?:with|on|here)|your time|agreeing)|"
    r"\bmy co-?hosts?\b|\bour (?:guests?|listeners|audience)\b|\byour consent\b|"
    r"\b(?:record|recording) this (?:call|interview|conversation)\b|"
    r"\bask you (?:a few|some|about)\b|\bjoin(?:ing|ed) us\b|\bbegrüße\b|\bwillkommen\b|\bbienvenue\b|\bbienvenid[oa]s?\b",
    re.IGNORECASE,
)
_GUEST: Final = re.compile(
    r"\bfor (?:having|inviting) (?:me|us)\b|"
    r"\b(?:happy|glad|great|good|pleasure|excited|delighted|honou?red) to be (?:here|on|with you)\b|"
    r"\bdanke für die einladung\b|\bmerci de m'(?:avoir invit|accueillir)|\bgracias por (?:invitarme|la invitación)",
    re.IGNORECASE,
)
_CO_HOST: Final = re.compile(r"\bco-?hosts?\b[\s,:–-]{1,4}(?:is |here |and )?(?P<name>[^\s,.!?]{1,40})", re.IGNORECASE)
_WORDS: Final = re.compile(r"[\w'’]+")


def _label_role(name: str) -> Role | None:
    """Role that the label itself states: ``Interviewer 2``, ``Host``, ``Anna (moderator)``, ``Participant A``."""
    words = {w.casefold().rstrip("0123456789") for w in _WORDS.findall(name.replace("co-host", "cohost"))}
    first = next(iter(_WORDS.findall(name)), "").casefold()
    known = {w for w in words if len(w) > 2}
    if known & ASKERS or (first in {"q"} and len(words) == 1) or key(name) == "i":
        return Role.INTERVIEWER
    if known & ANSWERERS or key(name) == "a" or re.fullmatch(r"[PR]\d{1,3}", name):
        return Role.RESPONDENT
    return None


def _observe(turns: Sequence[Turn], text: str) -> dict[str, _Speaker]:
    """Counts per named speaker, in order of first appearance."""
    found: dict[str, _Speaker] = {}
    for turn in turns:
        if not turn.speaker:
            continue
        said = text[turn.start : turn.end].replace("’", "'")
        one = found.setdefault(turn.speaker, _Speaker(turn.speaker, opens=not found))
        one.turns += 1
        one.words += len(said.split())
        one.closing_questions += bool(_QUESTION_END.search(said[-20:])) and not _TAG_QUESTION.search(said[-40:])
        one.prompts += bool(_PROMPT.search(said))
        one.hosting += bool(_HOSTING.search(said))
        one.guest += bool(_GUEST.search(said[:600]))
    hosts = {match["name"].casefold() for match in _CO_HOST.finditer(text)}
    for one in found.values():
        one.named_host = bool(hosts & {w.casefold() for w in _WORDS.findall(one.name)})
    return found


def _score(one: _Speaker, count: int, total_words: int) -> float:
    """How much somebody seems to interview: about 0 for a neutral speaker, 1 and more for one who leads the conversation."""
    score = 2.0 * one.closing_questions / one.turns + 0.5 * one.prompts / one.turns
    score += 1.0 / count - one.words / max(1, total_words)
    score += 0.6 * min(2, one.hosting) + (0.3 if one.opens else 0.0) + (1.5 if one.named_host else 0.0)
    return score - 1.5 * min(1, one.guest)


def _reason(chosen: Iterable[_Speaker]) -> str:
    """One sentence naming the chosen and what spoke for each."""
    parts = []
    for one in chosen:
        why = [f"{one.closing_questions} of {one.turns} turns end in a question"]
        if one.hosting:
            why.append("welcomes or thanks as a host does")
        if one.named_host:
            why.append("is called co-host")
        if one.opens:
            why.append("opens the conversation")
        parts.append(f"{one.name} ({', '.join(why)})")
    return f"Guessed as interviewer: {'; '.join(parts)}"


def guess_interviewers(turns: Sequence[Turn], text: str) -> Guess:
    """Who seems to interview, judged by labels, questions at the end of turns, share of words, and what hosts and guests say. Pure.

    Nobody is guessed where fewer than two speakers are named or nothing tells them apart; somebody always remains to answer.
    """
    found = _observe(turns, text)
    if len(found) < 2:
        return Guess((), "Fewer than two speakers are named, so nobody was taken for the interviewer")
    stated = {name: _label_role(name) for name in found}
    asked = tuple(name for name, role in stated.items() if role is Role.INTERVIEWER)
    if asked and len(asked) < len(found):
        return Guess(asked, f"Interviewer by the label: {', '.join(asked)}")
    open_names = [name for name in found if stated[name] is not Role.RESPONDENT] or list(found)
    total = sum(one.words for one in found.values())
    for one in found.values():
        one.score = _score(one, len(found), total)
    ranked = sorted((found[name] for name in open_names), key=lambda one: -one.score)
    chosen = [one for one in ranked if one.score >= max(0.7, 0.4 * ranked[0].score)]
    chosen = [one for one in chosen if one is ranked[0] or one.closing_questions > 1 or one.hosting or one.named_host][: len(found) - 1]
    if not chosen or (len(chosen) == len(found) - 1 and _undecided(chosen[-1], ranked, chosen)):
        return Guess((), "Nothing tells who interviews: name the interviewer to set it")
    in_order = [one for one in found.values() if one in chosen]
    return Guess(tuple(one.name for one in in_order), _reason(in_order))


def _undecided(last: _Speaker, ranked: Sequence[_Speaker], chosen: Sequence[_Speaker]) -> bool:
    """Whether the lowest of the chosen is hardly above the highest of the others whose label does not settle it."""
    others = [one.score for one in ranked if one not in chosen]
    return bool(others) and last.score - max(others) < 0.15


def match_speaker(wanted: str, speakers: Sequence[str], source: str) -> str:
    """The speaker that ``wanted`` names, in any case or as a unique prefix. Raises TranscriptError listing the speakers."""
    named = [speaker for speaker in speakers if speaker]
    listing = ", ".join(named) if named else "nobody is named in this transcript"
    goal = key(wanted)
    exact = [speaker for speaker in named if key(speaker) == goal]
    hits = exact or [speaker for speaker in named if goal and key(speaker).startswith(goal)]
    if len(hits) == 1:
        return hits[0]
    problem = f"{wanted!r} is the beginning of several speakers' names" if hits else f"there is no speaker {wanted!r}"
    fail(problem, source=source, remedy=f"choose one of the speakers: {listing}")


def _assign(turns: Sequence[Turn], interviewers: frozenset[str]) -> list[Role]:
    """Role per turn: interviewer, respondent for other named speakers, unknown where nobody is named."""
    return [Role.UNKNOWN if not t.speaker else Role.INTERVIEWER if t.speaker in interviewers else Role.RESPONDENT for t in turns]


def decide_roles(
    turns: Sequence[Turn],
    text: str,
    stated: Sequence[Role | None],
    *,
    source: str,
    interviewer: Sequence[str] = (),
    roles: Mapping[str, Role] | None = None,
) -> tuple[list[Role], tuple[str, ...]]:
    """(role per turn, notes). What counts, from strongest: ``roles`` by speaker, ``interviewer``, roles stated in the file, the guess."""
    speakers = tuple(dict.fromkeys(turn.speaker for turn in turns))
    notes: tuple[str, ...] = ()
    if interviewer:
        chosen = frozenset(match_speaker(name, speakers, source) for name in interviewer)
        decided = _assign(turns, chosen)
    elif Role.INTERVIEWER in stated:
        # The file says who asks: whoever has no role beside them answers.
        decided = [role or default for role, default in zip(stated, _assign(turns, frozenset()), strict=True)]
    else:
        guess = guess_interviewers(turns, text)
        silent = any(role is None and turn.speaker for role, turn in zip(stated, turns, strict=True))
        decided = _assign(turns, frozenset(guess.interviewers)) if guess.interviewers else [Role.UNKNOWN] * len(turns)
        decided = [role or default for role, default in zip(stated, decided, strict=True)]
        notes = (guess.reason,) if silent else ()
    for name, role in (roles or {}).items():
        speaker = match_speaker(name, speakers, source)
        decided = [role if turn.speaker == speaker else old for turn, old in zip(turns, decided, strict=True)]
    return decided, notes


def with_roles(transcript: Transcript, interviewer: Sequence[str]) -> Transcript:
    """A copy in which exactly these speakers interview and all other named ones answer; id and text stay.

    Names count in any case and as unique prefixes. Raises TranscriptError listing the speakers for an unknown name.
    """
    chosen = frozenset(match_speaker(name, transcript.speakers, transcript.name) for name in interviewer)
    roles = _assign(transcript.turns, chosen)
    turns = tuple(turn.model_copy(update={"role": role}) for turn, role in zip(transcript.turns, roles, strict=True))
    names = ", ".join(name for name in transcript.speakers if name in chosen) or "nobody"
    kept = tuple(note for note in transcript.notes if not note.startswith(ROLE_NOTES))
    return transcript.model_copy(update={"turns": turns, "notes": (*kept, f"Interviewer set by hand: {names}")})


ROLE_NOTES: Final = (
    "Guessed as interviewer",
    "Interviewer by the label",
    "Interviewer set by hand",
    "Nothing tells who interviews",
    "Fewer than two speakers",
)
"""Beginnings of notes about roles, which a new decision replaces."""
