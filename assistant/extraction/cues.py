"""Words that tell, whatever the subject: it is not done, there is no agreed way, so often it happens. Plain cues beside the trained heads.

The heads learn which words go with which stage, but "there is no pipeline" shares its weightiest word with "the pipeline does it". A denial
counts only as such: "nobody has to touch it" tells of a machine, not of neglect, and is left out.
"""

from __future__ import annotations

import re
from typing import Final


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_SPARED: Final = (
    r"(?! (?:else )?(?:has|have|had|needs|need|must|touches|touched|types|typing|presses|starts|started|clicks|is awake|to be awake|"
    r"gets up|can|could)\b)"
)
"""After "nobody": what a machine spares people."""
_DENIAL: Final = _any(
    r"\bthere(?:'s| is| are|'re) no\b(?! (?:need|way (?:around|to)))",
    r"\bthere(?:'s| is| are|'re) (?:nothing\b|nobody\b(?! (?:who )?(?:has|needs|had) to)|not (?:a|any|really)\b)",
    r"\bthere (?:isn't|aren't|is not|are not|was never) (?:a|an|any|really)\b",
    r"\b(?:we|i|they)(?:'ve| have)? (?:got )?no\b(?! need)",
    r"\b(?:we|i) (?:do not|don't|haven't|have not|never) (?:really )?(?:have|got|use|do|keep|track|version|record|look|test|monitor|"
    r"write|review|check|share|store|meet|log|watch|measure|retrain|train)\b",
    rf"(?<!if )\b(?:nobody|no[- ]one|no human)\b{_SPARED}",
    r"\bnot at all\b",
    r"^no(?:pe)?[,.]",
    r"\bnone (?:that|of (?:that|them|it|us))\b",
)
_LOOSE: Final = _any(
    r"\bno (?:fixed|regular|set|common|agreed|single|standard|written|formal|defined|clear)\b",
    r"\b(?:isn't|aren't|it's not|is not|not) (?:really )?(?:written|settled|defined|arranged|agreed|organised|laid down|fixed)\b",
    r"\bdepends (?:entirely |a bit )?on (?:who|the (?:person|project|day))\b",
    r"\bwhoever (?:has|happens|is|shouts|picks|needs)\b",
    r"\bwhen(?:ever)? (?:something|somebody|someone|i|we|one of us|there's (?:a problem|trouble)|they) (?:comes? up|asks?|complains?|"
    r"calls?|shouts?|thinks?|has time|have time|remembers?|feels?|gets? round|needs?|happens? to)\b",
    r"\b(?:each|every(?:body|one|)|all) (?:of us |project |person |team )?(?:has|have|does|do|uses?|keeps?|trains?|computes?|gets?|"
    r"handles?)\b[^.;]{0,60}\b(?:own|likes?|wants?|differently|sees? fit)\b",
    r"\bin (?:his|her|their|my|our|its) own way\b",
    r"\bdifferent(?:ly)? (?:every|each) time\b",
    r"\b(?:every|each) time (?:a bit )?different(?:ly)?\b",
    r"\bby (?:chance|feel)\b",
    r"\binformal(?:ly)?\b",
    r"\bnow and then\b",
    r"\bonce in a while\b",
    r"\bcomes up\b",
    r"\bgut feel\w*",
)
_SOME: Final = r"(?:two|three|four|five|few|couple of|several|\d)"
_RATES: Final[dict[int, re.Pattern[str]]] = {
    1: _any(
        r"\b(?:hardly ever|rarely|seldom|never|once in a blue moon|only once|once so far)\b",
        rf"\b(?:every|once (?:in|every)|in) {_SOME} years\b",
        r"\b(?:not|hardly) (?:even )?once a year\b",
    ),
    2: _any(
        r"\b(?:twice|two times|two or three times|three times) (?:a|per|in the last|in a|each) year\b",
        r"\b(?:every|each) (?:half[- ]year|six months|spring and autumn)\b",
        r"\bhalf[- ]yearly\b",
    ),
    3: _any(
        r"\b(?:quarterly|monthly|(?:every|each|once a|once per|per) (?:quarter|month))\b",
        r"\b(?:every|each) (?:two|three|four|other|second|few|couple of) months\b",
        r"\b(?:four|five|six|seven|eight|ten|twelve) times a year\b",
    ),
    4: _any(
        r"\b(?:weekly|daily|nightly|hourly|(?:every|each|once a|per|most) (?:week|day|night|hour|weeks|days|nights))\b",
        r"\btimes a (?:week|day|month)\b",
        r"\bevery (?:other|second) (?:day|week)\b",
    ),
    5: _any(r"\b(?:continuous(?:ly)?|all the time|as the data comes? in)\b"),
}
"""How often something is done, as people say it, by the stage of the frequency elements."""
_NOT_SO: Final = _any(r"\b(?:would|should|could|might|plan\w*|used to|next year|if only|want to|hope)\b")


def denies(text: str) -> bool:
    """Whether a sentence says that something is not there or not done."""
    return _DENIAL.search(text.replace("’", "'")) is not None


def is_loose(text: str) -> bool:
    """Whether a sentence says that there is no agreed way."""
    return _LOOSE.search(text.replace("’", "'")) is not None


def rate(text: str) -> int | None:
    """The stage of a frequency that a sentence states as being so; None where it states none, or several."""
    found = [stage for stage, pattern in _RATES.items() if pattern.search(text)]
    return found[0] if len(found) == 1 and not _NOT_SO.search(text) else None
