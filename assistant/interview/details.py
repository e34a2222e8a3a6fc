"""Cues in an answer: which details it gives, and whether it is a refusal, a "don't know", a yes or a no. Words only; nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final, Literal

from assistant.interview.events import Seeks
from assistant.interview.languages import straight
from assistant.models import Element

_CUES: Final[dict[Seeks, re.Pattern[str]]] = {
    "automation": re.compile(
        r"\b(?:by hand|manual(?:ly)?|automatic(?:ally)?|automated?|by itself|on its own|nobody (?:has to|touches|needs)|script|"
        r"scheduled|schedule|trigger\w*|"
        r"cron|pipeline|job|click\w*|checklist|sign(?:s|ed)?[- ]off|approv\w*|somebody|someone|one of us|i do it|kick\w* off|"
        r"copy|excel|press\w*)\b",
        re.IGNORECASE,
    ),
    "frequency": re.compile(
        r"\b(?:every (?:\w+ )?(?:day|night|week|month|year|quarter|hour|morning|monday|sprint|other)|daily|nightly|weekly|"
        r"monthly|quarterly|yearly|hourly|annually|"
        r"once|twice|(?:two|three|four|five|six|ten|\d+) times|per (?:day|week|month|year)|a (?:day|week|month|year)\b|rarely|"
        r"never|often|now and then|continuously|"
        r"all the time|whenever)\b",
        re.IGNORECASE,
    ),
    "since": re.compile(
        r"\b(?:since|ago|for (?:the last|about|\w+) (?:years?|months?|weeks?)|(?:19|20)\d\d|last (?:year|summer|winter|spring|"
        r"autumn)|from the (?:start|beginning)|always)\b",
        re.IGNORECASE,
    ),
    "owner": re.compile(
        r"\b(?:team|engineer\w*|scientists?|owner|responsib\w*|department|lead|manager|platform people|operations|colleague|"
        r"board|committee|officer|unit|"
        r"whoever|nobody|somebody|someone|one of us|myself|i do)\b",
        re.IGNORECASE,
    ),
    "example": re.compile(
        r"\b(?:last (?:time|week|month|year|summer|spring|autumn|winter|\w+day)|yesterday|once we|one time|for example|for "
        r"instance|in (?:january|february|march|april|may|june|july|august|september|october|november|december)|there was)\b",
        re.IGNORECASE,
    ),
    "agreement": re.compile(
        r"\b(?:same (?:way|for|steps|process|job)|all (?:teams|projects|models|our)|every (?:team|project|model)|each (?:team|"
        r"project|person|one)|differs?|different|depends|standard\w*|"
        r"template|guide(?:line)?|rule|written|policy|checklist|agreed|convention|everyone (?:does|has))\b",
        re.IGNORECASE,
    ),
    "improvement": re.compile(
        r"\b(?:improv\w*|after (?:each|every|that)|review\w*|retrospective|lessons?|we changed|we now|tighten\w*|backlog|measure\w*)\b",
        re.IGNORECASE,
    ),
}
_ABOUT = r"(?: (?:about|on|to|into) (?:that|this|it|those|these)| (?:that|this|it|any\w*|those|these|more)|\W*$)"
_REFUSAL: Final = re.compile(
    rf"\b(?:rather not(?: (?:say|answer|talk|speak|discuss|share|comment|go|tell|get)\b|\W*$)|"
    rf"prefer not to(?: (?:say|answer|talk|speak|discuss|share|comment|go|tell)\b|\W*$)|"
    rf"i(?:'m| am) not (?:allowed|going|at liberty) to (?:say|answer|talk|speak|discuss|share|comment|tell)\b|"
    rf"(?:can't|can ?not|won't|don't want to) (?:talk|speak|discuss|answer|share|comment|go){_ABOUT}|"
    rf"(?:can't|can ?not|won't) (?:tell you|say anything)|no comment|under nda|pass on (?:that|this)|next question)",
    re.IGNORECASE,
)
_UNKNOWING: Final = re.compile(
    r"\b(?:(?:i )?(?:really |honestly )?(?:don't|do not|wouldn't|would not) know|no idea|not sure|couldn't (?:say|tell)|can't "
    r"(?:say|tell)|not my area|ask (?:somebody|someone|my|our|the))\b",
    re.IGNORECASE,
)
_YES: Final = re.compile(
    r"^\W*(?:yes|yeah|yep|sure|exactly|correct|right|that's right|true|still|pretty (?:well|much)|very well|well,? (?:yes|yeah)|"
    r"mostly|it does|spot on|precisely|indeed|fine|accurate(?:ly)?|quite well|fairly)\b",
    re.IGNORECASE,
)
_NO: Final = re.compile(
    r"^\W*(?:no\b|nope|not (?:really|quite|any)|wrong|it (?:has )?changed|that's (?:wrong|not)|badly|hardly|well,? no)", re.IGNORECASE
)
_WORDS: Final = re.compile(r"[^\W\d_]{3,}")
_CONNECTOR: Final = re.compile(r"^(?:(?:so|and|but|then|well|yeah|yes|no|because|or|which|that)\s+)+", re.IGNORECASE)
SHORT: Final = 25
"""Words up to which a refusal or "don't know" is taken to be the whole answer."""


def given(text: str, element: Element | None = None) -> frozenset[Seeks]:
    """Details that a text gives."""
    found: set[Seeks] = {name for name, pattern in _CUES.items() if pattern.search(text)}
    if element is not None and names_tool(text, element.tools):
        found.add("tool")
    if len(text.split()) >= 6:
        found.add("practice")
    return frozenset(found)


def names_tool(text: str, tools: Iterable[str]) -> bool:
    """Whether one of the tools is named."""
    folded = text.casefold()
    return any(re.search(rf"(?<!\w){re.escape(tool.casefold())}(?!\w)", folded) for tool in tools)


def refuses(text: str) -> bool:
    """Whether the answer is that they do not want to, or may not, speak of it."""
    return len(text.split()) <= SHORT and _REFUSAL.search(straight(text)) is not None


def does_not_know(text: str) -> bool:
    """Whether the answer is that they do not know."""
    return len(text.split()) <= SHORT and _UNKNOWING.search(straight(text)) is not None


def verdict(text: str) -> Literal["confirmed", "corrected"]:
    """What an answer to an offer says; anything but a plain yes is more than a confirmation."""
    text = straight(text)
    if _NO.match(text):
        return "corrected"
    return "confirmed" if _YES.match(text) and " but " not in f" {text.casefold()} " else "corrected"


def clause(quote: str, words: int = 9, about: Collection[str] = ()) -> str:
    """A verbatim piece of a quote, short enough to be repeated: a clause of three words or more, else the first words; maybe empty.

    ``about``: lower-case words of the subject; the clause that holds most of them is taken, else the longest.
    """
    pieces = [_CONNECTOR.sub("", m.group().strip()) for m in re.finditer(r"[^,;:.!?…–—\n“”\"«»„]+", quote)]
    fitting = [p for p in pieces if 3 <= len(p.split()) <= words + 2]
    if fitting:
        return max(fitting, key=lambda p: (len(set(_WORDS.findall(p.lower())) & set(about)), len(p.split())))
    found = re.match(rf"\s*(?:\S+\s+){{0,{words - 1}}}\S+", quote)
    piece = found.group().strip(" ,;:-–—") if found else ""
    return "" if re.search(r"[\n“”\"«»„.!?…]", piece) else piece
