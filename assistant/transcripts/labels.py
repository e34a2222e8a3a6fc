"""What looks like a speaker's name, and which labels of a file are speakers.

Both questions are kept apart. ``shape`` looks at one label alone; ``speakers`` weighs all labels of a file: how often they come, how much
of the file they cover, whether their words are ordinary words of the text. The rule is cautious: a name that is missed leaves a turn
without a speaker, which people see; an invented one puts words into somebody's mouth.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import Final

from assistant.segments import word_set


class Shape(IntEnum):
    """How much a label looks like a name, from not at all."""

    PHRASE = 0
    """Words of a sentence."""
    LOWER = 1
    """One or two words in lower case: a nickname, or any word."""
    LETTERS = 2
    """``DW``, ``AWS``: initials or an acronym."""
    SINGLE = 3
    """``Anna``: a first name, or the first word of a sentence."""
    FULL = 4
    """``Dr. Anne-Marie O'Neil (ACME)``."""
    ROLE = 5
    """``Interviewer``, ``Speaker 1``, ``P3``."""


class Form(IntEnum):
    """How a label stands in the line, from the weakest sign of a speaker to the strongest."""

    COLON = 0
    """``Name: text``."""
    ALONE = 1
    """A bold line or heading of its own."""
    STAMPED = 2
    """``[00:12] - Name`` over the text."""
    BOLD = 3
    """``**Name:** text``."""
    TIMED = 4
    """``[00:12] Name: text``, ``Name  00:12``."""
    EXPLICIT = 5
    """A format that has a field for the speaker: tabbed chat, ``[Name] 00:12``, a table column, a cue's timing line."""


ASKERS: Final = word_set(
    "interviewer interviewers interviewerin host hosts co-host cohost moderator moderatorin moderation facilitator researcher presenter "
    "anchor questioner question q int enquêteur intervieweur animateur entrevistador entrevistadora moderador moderadora intervistatore "
    "entrevistadores fragesteller interviewende chair"
)
"""Role words of those who ask."""
ANSWERERS: Final = word_set(
    "interviewee respondent respondents participant participants guest guests informant answer a expert witness befragte befragter "
    "interviewte interviewter répondant participante entrevistado entrevistada intervistato invité gast proband probandin"
)
"""Role words of those who answer."""
_OTHER_ROLES: Final = word_set(
    "speaker spk person attendee candidate client customer operator caller narrator audience announcer voiceover unknown unidentified "
    "everyone all both man woman male female sprecher sprecherin locuteur hablante user assistant employee manager student teacher "
    "patient doctor panelist voice guest"
)
ROLE_WORDS: Final = ASKERS | ANSWERERS | _OTHER_ROLES
_ALWAYS_ROLE: Final = ROLE_WORDS - {"all", "both", "everyone", "question", "answer", "a", "user", "voice", "int", "unknown"}

_ORDINARY: Final = word_set(
    "note notes nb ps example examples warning tip tips hint caution important summary abstract introduction intro outro conclusion "
    "background context overview agenda topic topics title subject date time duration length location place venue project file filename "
    "recording recorded transcript transcription transcribed transcriber language version status attendees present speakers "
    "participants link links url http https ftp mailto source sources reference references see step steps part section chapter figure "
    "fig table appendix item point points option options case phase stage level monday tuesday wednesday thursday friday saturday sunday "
    "day week month year key todo action actions decision decisions result results problem problems issue issues solution reason reasons "
    "update edit correction disclaimer copyright contact email e-mail phone tel fax address website to from cc re fw fwd and but so or "
    "also plus however therefore then first firstly second secondly third thirdly finally last lastly next yes no yeah yep okay ok well "
    "right sure exactly basically actually anyway because meaning namely like ie i.e e.g eg music break pause applause laughter silence "
    "end start beginning continued ad advert advertisement sponsor jingle kind style region regards thanks hello hi dear id name role "
    "organisation organization company interview session meeting episode podcast keywords tags description author again still maybe "
    "today tomorrow yesterday now here there this that these those it we you they i he she what when where why how which who if for with "
    "without about into not just only even let bonus caveat remark question-and-answer hinweis beispiel anmerkung datum thema ort frage "
    "fazit remarque exemple nota ejemplo fecha tema das der die ein eine le la les el los las un une"
)
"""Words before a colon that are no speaker, however often they come."""
_GRAMMAR: Final = word_set(
    "the this that these those is are was were be been what when where why how which who there here it its we they you your our his her "
    "if then because but not with from about into has have had can could would should just only also than as at by on in to"
)
"""Words that no name of several words holds."""
_PARTICLES: Final = word_set(
    "de da do dos das del della der den des di du la le el al bin ibn ben bint abu van von vom zu zur ter ten te af av i y e of d' l' "
    "'t dela san st and & und et jr jr. sr sr. ii iii iv"
)
_BIDI: Final = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_BAD: Final = re.compile(r"[?!;:\"“”„«»<>{}=\\…*]|//|\.\.|--")
_SUFFIX: Final = re.compile(r"\s*(?:\([^()]{1,80}\)|\[[^\[\]]{1,80}\]|[|/@–—-]\s.{1,80})\s*\Z")
_NUMBERED: Final = re.compile(r"(?:#?\d{1,4}|[A-Za-z]\d{0,2}|one|two|three)\Z", re.IGNORECASE)
_CODE: Final = re.compile(r"[A-Za-z]{1,8}[-_ #]?\d{1,4}[A-Za-z]?\Z")
_ABSTRACT: Final = re.compile(r"(?:ments?|ings?|[ts]ions?|ness|ities|ility|ology|isms?|ships?|ung|keit|heit)\Z")
"""Endings of 'Deployment' and 'Monitoring', which head lists; hardly any name has them."""
_SPLIT: Final = re.compile(r"[\s_]+")


def clean(label: str) -> str:
    """``label`` as it is shown: without direction marks (exporters wrap right-to-left names in them) and with single blanks."""
    return " ".join(_BIDI.sub("", label).split())


def key(label: str) -> str:
    """What makes two labels the same speaker: case and spacing do not matter."""
    return clean(label).casefold()


def _is_capital(word: str) -> bool:
    """Whether a word begins as a name does: a capital, or a letter of a script that has none."""
    bare = word.lstrip("'’`(\"-.")
    return bool(bare) and (unicodedata.category(bare[0]) in {"Lu", "Lt", "Lo"} or (bare[0].isdigit() and len(bare) <= 4))


def _role_shape(words: Sequence[str]) -> bool:
    """``Interviewer``, ``Speaker 1``, ``SPEAKER_00``, ``Participant A``, ``Unknown Speaker``."""
    head = words[0].casefold().rstrip(".")
    if len(words) == 1:
        return head in ROLE_WORDS or (head.rstrip("0123456789-#") in ROLE_WORDS - {"a"} and head[-1:].isdigit())
    if len(words) == 2 and words[1].casefold() in _ALWAYS_ROLE and (head in ROLE_WORDS or _is_capital(words[0])):
        return head in ROLE_WORDS or head not in _ORDINARY | _GRAMMAR
    return head in ROLE_WORDS and all(_NUMBERED.match(word) for word in words[1:]) and len(words) <= 3


@lru_cache(maxsize=4096)
def shape(label: str) -> Shape:
    """How much ``label`` looks like a name. Pure and linear; 100 characters at most are a name."""
    name = clean(label)
    if not name or len(name) > 100:
        return Shape.PHRASE
    bare = _SUFFIX.sub("", name) or name.strip("()[]")
    if _BAD.search(bare) or not any(c.isalpha() for c in bare):
        return Shape.PHRASE
    words = [w for w in _SPLIT.split(bare.replace(",", " ")) if w]
    if _role_shape(words):
        return Shape.ROLE
    if len(words) > 6 or bare.count(",") > 1 or bare.endswith((",", "-")):
        return Shape.PHRASE
    if len(words) > 1 and any(w.casefold() in _GRAMMAR for w in words):
        return Shape.PHRASE
    if _CODE.match(bare) and words[0].casefold() not in _ORDINARY:
        return Shape.ROLE
    return _plain_shape(words)


def _plain_shape(words: Sequence[str]) -> Shape:
    """Shape of a label that is no role and no code."""
    letters = "".join(words)
    if len(words) == 1 and letters.rstrip(".").isupper() and len(letters) <= 4:
        return Shape.LETTERS
    named = [w for w in words if w.casefold() not in _PARTICLES]
    if named and all(_is_capital(w) for w in named):
        # One word of a script without capitals may be a whole name: 田中さん, محمد.
        return Shape.FULL if len(named) > 1 else Shape.SINGLE
    if len(words) <= 2 and all(len(w) <= 30 for w in words):
        return Shape.LOWER
    return Shape.PHRASE


@dataclass(slots=True)
class Tally:
    """What a file says of one label."""

    spellings: Counter[str] = field(default_factory=Counter)
    count: int = 0
    first_in_paragraph: int = 0
    worded: int = 0
    form: Form = Form.COLON
    shape: Shape = Shape.PHRASE

    def add(self, label: str, form: Form, *, starts_paragraph: bool, worded: bool) -> None:
        """Count one occurrence; ``worded``: words follow before the next label."""
        self.spellings[clean(label)] += 1
        self.count += 1
        self.first_in_paragraph += starts_paragraph
        self.worded += worded
        self.form = max(self.form, form)


def _is_ordinary(name: str) -> bool:
    """Whether the label begins or consists of words that head notes, lists and metadata."""
    words = [w.casefold().rstrip(".") for w in _SPLIT.split(name)]
    return words[0] in _ORDINARY or (len(words) > 1 and words[-1] in _ORDINARY)


def _is_common(name: str, lowered: frozenset[str]) -> bool:
    """Whether the text itself uses every word of the label in lower case, as it does with ordinary words but not with names."""
    words = [w.strip("().,").casefold() for w in _SPLIT.split(name)]
    return all(w in lowered for w in words if w not in _PARTICLES)


def _is_sure(tally: Tally, name: str, total: int, lowered: frozenset[str]) -> bool:
    """Whether the label is a speaker by its own weight."""
    if tally.form is Form.EXPLICIT:
        return True
    if tally.shape is Shape.ROLE:
        return tally.count >= 2
    if _is_ordinary(name):
        # Larry Page may speak often; 'Next Steps' and 'Note' do not hold a fifth of a conversation and begin with such a word.
        first = _SPLIT.split(name)[0].casefold().rstrip(".")
        return first not in _ORDINARY and tally.shape is Shape.FULL and tally.count >= 4 and tally.count * 5 >= total
    if tally.shape in (Shape.LOWER, Shape.LETTERS) or _is_common(name, lowered):
        return tally.count >= 3 and tally.count * 12 >= total
    return tally.count >= 2


def _is_likely(tally: Tally, name: str, coverage: float, lowered: frozenset[str], *, nicknames: bool) -> bool:
    """Whether a label seen once or twice is a speaker, given a file in which labels are speakers.

    ``nicknames``: the file's sure speakers, if it has any, include names in lower case.
    """
    if _is_ordinary(name) or not tally.first_in_paragraph:
        return False
    if tally.shape is Shape.ROLE:
        return True
    if tally.shape is Shape.LOWER:
        return tally.form >= Form.BOLD or (nicknames and coverage >= 0.9 and not _is_common(name, lowered))
    if tally.form is Form.ALONE or _is_common(name, lowered) or (tally.shape is Shape.SINGLE and _ABSTRACT.search(name.casefold())):
        return False
    return tally.form >= Form.BOLD or coverage >= (0.6 if tally.shape is Shape.FULL else 0.8)


def speakers(tallies: dict[str, Tally], coverage: float, lowered: Iterable[str]) -> dict[str, str]:
    """Labels that are speakers: key -> the spelling to show.

    ``coverage`` is the share of the file's paragraphs (or lines, or cues) that begin with a label; ``lowered`` the words that the text
    uses in lower case.
    """
    words = frozenset(lowered)
    names = {k: max(t.spellings, key=lambda s: (t.spellings[s], s)) for k, t in tallies.items()}
    usable = {k: t for k, t in tallies.items() if t.worded and (t.shape is not Shape.PHRASE or t.form is Form.EXPLICIT)}
    total = sum(t.count for t in usable.values())
    sure = {k for k, t in usable.items() if _is_sure(t, names[k], total, words)}
    certain = any(usable[k].form >= Form.TIMED or usable[k].shape is Shape.ROLE for k in sure)
    if len(sure) == 1 and coverage < 0.4 and not certain:
        sure = set()  # a repeated heading in prose
    nicknames = not sure or any(usable[k].shape is Shape.LOWER for k in sure)
    likely = {k for k, t in usable.items() if k not in sure and _is_likely(t, names[k], coverage, words, nicknames=nicknames)}
    if not sure:
        strong = [k for k in likely if usable[k].shape in (Shape.ROLE, Shape.FULL) or usable[k].form >= Form.TIMED]
        once = len(likely) > 3 and all(usable[k].count == 1 for k in likely)  # a list of headings rather than a conversation
        if coverage < 0.6 or (len(likely) < 2 and not strong) or (once and not strong):
            return {}
    return {k: names[k] for k in tallies if k in sure or k in likely}


def overlooked(tallies: dict[str, Tally], names: dict[str, str]) -> tuple[str, ...]:
    """Labels with a name's shape that were not taken for speakers, with their counts: the user should see them."""
    left = [t for k, t in tallies.items() if k not in names and t.shape > Shape.LOWER and t.worded and t.form is not Form.ALONE]
    spelt = [(max(t.spellings, key=lambda s: (t.spellings[s], s)), t.count) for t in left]
    return tuple(f"{name} ({count})" for name, count in spelt if not _is_ordinary(name))
