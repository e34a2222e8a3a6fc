"""What speaks against a wording before anybody sees it, reasons listed.

`form_faults` judges the text alone: one short, open, neutral question in the right language, without markup, stage names or praise.
`faults` adds what only the conversation can tell: nothing may be said of the respondent that they did not say. A wording is at most one
sentence with the respondent's own words (``You said “…”.``) and one question; anything else is refused. Strict on purpose: whatever is
refused is replaced by the guide's own question, which is always good.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from assistant.interview.languages import foreign_words, language_of, straight
from assistant.models import Framework
from assistant.segments import word_set

MAX_WORDS: Final = 35
"""Longest wording, the respondent's own words included."""

_SENTENCE: Final = re.compile(r"[^.!?…]*[.!?…]+[\"'”’»)\]]*|[^.!?…]+\Z")
_QUOTED: Final = re.compile(r"[“\"«„]([^“”\"«»„]*)[”\"»“]")
LEAD: Final = re.compile(
    r"(?:Earlier you said|Before that you said|You said|You mentioned|And just now) [“\"][^“”\"]+[”\"](?:, and just now "
    r"[“\"][^“”\"]+[”\"])?[.:]?\s*"
)
"""The one sentence that may stand before the question."""
_MARKUP: Final = re.compile(
    r"<[^>]{0,200}>|&(?:#\d+|[a-z]+);|```|\*\*|^#{1,6} |https?://|www\.|\]\(|\{\{|^\s*[-*•]\s", re.IGNORECASE | re.MULTILINE
)
_OPEN: Final = re.compile(
    r"(?:and |so |then )?(?:how|what|what's|who|whose|whom|which|when|where|why|"
    r"(?:in|at|for|from|on|by|to|with|under|of|since) (?:what|which|whom|whose|how|when)|in your experience, (?:what|how)|"
    r"tell me|describe|please (?:tell|describe|elaborate)|walk me|give me|take me|"
    r"(?:can|could|would) you (?:please )?(?:tell|describe|walk|take|give|elaborate|explain|recall|share|"
    r"say (?:more|something|how|what|who|when|where)))\b",
    re.IGNORECASE,
)
_STATEMENT: Final = re.compile(r"(?:tell me|describe|please (?:tell|describe|elaborate)|walk me|give me|take me)\b", re.IGNORECASE)
_ASKS: Final = r"(?:how|what|who|which|when|where|why|is|are|was|were|do|does|did|have|has|had|can|could|will|would|should)"
_DOUBLE: Final = re.compile(
    rf"(?:,|;| -| –| —)?\s(?:and|or|but|also|plus)\s(?:also\s)?{_ASKS}\s(?!\w+ (?:carries|else)\b)|"
    r"\b(?:and|or|but|also|plus)\s(?:also\s)?(?:by|with|for|to|from|at|in|of|on|since)\s(?:whom|what|which|whose|when)\b|"
    r"\b(?:and|or)\s(?:how|why|when|where|what|who|whom)\s*\?|"
    r"\b(?:and|then|also)\s(?:please )?(?:tell (?:me|us)|describe|explain|walk (?:me|us)|give (?:me|us))\b|"
    r"\b(?:how(?: often| long| many)?|what|who|which|when|where|why),\s(?:and |or )?(?:how|what|who|which|when|where|why|by whom)\b|;",
    re.IGNORECASE,
)
_CLOSED: Final = re.compile(r"\b(?:tell (?:me|us)|say|know) (?:if|whether)\b|\btell (?:me|us) that\b", re.IGNORECASE)
_RATING: Final = re.compile(
    r"\b(?:rate|score|grade) your\b|\bon a scale\b|\bfrom (?:one|1|zero|0) to (?:five|ten|5|10)\b|\bout of (?:five|ten|5|10)\b",
    re.IGNORECASE,
)
_SHOUTED: Final = re.compile(r"\b[A-Z]{2,}(?:\s+[A-Z]{2,}){2,}\b")
_PAIRED: Final = re.compile(r"\b(?:who|which) or (?:what|which|whom)\b|\bwhen and where\b", re.IGNORECASE)
_LEADING: Final = re.compile(
    r"\b(?:isn't|aren't|wasn't|don't you|doesn't|didn't you|won't|wouldn't|shouldn't|couldn't|can't you|haven't|hasn't|weren't|"
    r"right\?|correct\?|"
    r"surely|obviously|of course|clearly|naturally|undoubtedly|no doubt|presumably|you must|you should|should you|ought|best "
    r"practices? (?:is|are|say)|"
    r"most (?:companies|teams|people|organi[sz]ations)|everybody|everyone (?:does|uses)|mature|immature|advanced|state of the "
    r"art|proper|properly|"
    r"only|merely|why (?:do|does|are|is) \w+ still|still (?:using|doing|relying)|why not|why don't|agree|better|ideal|modern|outdated|"
    r"unfortunately|ideally|how come|(?:stops|keeps|prevents) you|wrong with (?:you|how|the way)|"
    r"how (?:bad|poor|lucky|sloppy|automatically|badly)|blame|justify|"
    r"excuse|admit|forgets?|neglect\w*|(?:as|like) (?:every|any|all) (?:good |other )?(?:team|company|companies|expert)s?|"
    r"as (?:an )?experts?|manual or automated|automated or manual|already (?:automated|using))\b",
    re.IGNORECASE,
)
_PRAISE: Final = re.compile(
    r"\b(?:great|excellent|impressive|wonderful|perfect|amazing|fantastic|awesome|brilliant|well done|good (?:job|work|point|"
    r"answer|to hear)|nice|"
    r"interesting|fascinating|thank(?:s| you)|congratulations|bravo|love|lovely|helpful|appreciate|insightful|sounds (?:good|"
    r"like)|that's good|superb|kudos)\b",
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(
    r"\b(?:stages?|levels?|phases?|tiers?|maturity (?:of|at|score))\s*(?:number\s*)?(?:\d|one|two|three|four|five|i{1,3}\b|iv\b|v\b)|"
    r"\b(?:first|second|third|fourth|fifth|highest|lowest|next|[1-5](?:st|nd|rd|th)) (?:maturity )?(?:stage|level)|\b(?:which|"
    r"what) (?:maturity )?(?:stage|level)|"
    r"\bmaturity (?:stage|level)",
    re.IGNORECASE,
)
_CLAIM: Final = re.compile(
    r"\b(?:you(?:'ve| have)? (?:just )?(?:said|mentioned|told|explained|described|stated|noted|pointed|indicated|told)|as you|"
    r"since you|given (?:that|your|how)|"
    r"because you|now that|seeing that|considering|your team's (?:failure|success)|you are (?:using|doing)|you're (?:using|"
    r"doing)|according to)\b",
    re.IGNORECASE,
)
_SUGGESTS: Final = re.compile(
    r"\b(?:for example|for instance|such as|e\.g|say,)|\bby hand or\b|\bor by hand\b|\b(?:every|each) \w+ or (?:every|each)\b|"
    r"[:,] \w+(?:, \w+)* or \w+\s*\?|\bwhich do you prefer\b|"
    r",\s(?!(?:roughly|usually|typically|normally|exactly|today|then|now|though|please|too)\s*\?)\w+\s*\?",
    re.IGNORECASE,
)
"""Answers put into the mouth. The paper's own questions may name examples; a generated one may not."""
_PRESUMES: Final = re.compile(
    r"\b(?:find|found|finding) out that\b|\b(?:know|knew|notice[ds]?|realise[ds]?|discover(?:ed)?|aware|sure) that\b|"
    r"\bstop(?:ped)? working\b|\bwhat (?:went|goes|has gone|is|was) wrong\b|"
    r"\bwhy (?:do|does|did|is|are) (?:you|your|it|this|that|the)\b",
    re.IGNORECASE,
)
_PERSONAL: Final = re.compile(
    r"\b(?:earn|salary|salaries|wages?|passwords?|religion|politics|married|pregnant|home address|phone number|where do you live|your name|"
    r"think of (?:your|him|her|them))\b",
    re.IGNORECASE,
)
_MATURITY: Final = re.compile(r"\bmatur(?:e|ity)\b", re.IGNORECASE)
_ODD: Final = re.compile(r"[^\w\s.,:'’‘“”\"?()/&%+–—-]|_")
"""Characters that no plain question needs."""
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)?")
_SPACE: Final = re.compile(r"\s+")


_DENIED: Final = re.compile(
    r"\b(?:no|not|never|nobody|none|nothing|neither|nor|without|hardly|rarely|seldom|cannot|stopped|\w+n't)\b(?:\s+[\w'][^\s,.;:!?…]*){0,3}\s*\Z"
)
"""A denial up to three words before, within the clause."""


@dataclass(frozen=True)
class Context:
    """What a generated wording may draw on."""

    framework: Framework
    """Whose stages must not be named."""
    said: tuple[str, ...]
    """The respondent's answers, to the letter."""
    vocabulary: frozenset[str]
    """Words of the guide's and the framework's own questions, see `vocabulary_of`."""
    basis: str
    """The guide's own question in whose place the wording would stand."""


def faults(text: str, context: Context) -> list[str]:
    """Everything that speaks against a generated wording; empty: it may be shown."""
    found = form_faults(text, framework=context.framework)
    return found if "is empty" in found else [*found, *_claim_faults(text, context)]


def form_faults(text: str, *, framework: Framework) -> list[str]:
    """What speaks against a wording whoever wrote it."""
    plain = straight(text.strip())
    if not plain:
        return ["is empty"]
    found = [*_character_faults(text), *_shape_faults(plain)]
    body = LEAD.sub("", plain, count=1) if LEAD.match(plain) else plain
    for name in dict.fromkeys(n for s in framework.stages for n in (s.name, s.short) if n):
        if _named(body, name):
            found.append(f"names the stage '{name}'")
    if _NUMBERED.search(body):
        found.append("speaks of a stage or level")
    for pattern, fault in (
        (_LEADING, "is leading"), (_PRAISE, "praises or comments"), (_RATING, "asks for a grade"), (_SHOUTED, "shouts"),
        (_CLOSED, "can be answered by yes or no"),
    ):  # fmt: skip
        hit = pattern.search(body)
        if hit:
            found.append(f"{fault} ('{hit.group()}')")
    spoken = language_of(body)
    if spoken not in ("en", ""):
        found.append("is not in the language of the interview")
    return found


def _character_faults(text: str) -> list[str]:
    found = []
    if _MARKUP.search(text):
        found.append("holds markup or an address")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") and c not in "\n" for c in text) or "\n" in text.strip():
        found.append("holds control characters or several lines")
    words = len(text.split())
    if words > MAX_WORDS or len(text) > MAX_WORDS * 12:
        found.append(f"has {words} words, more than {MAX_WORDS}" if words > MAX_WORDS else "is too long")
    return found


def _shape_faults(text: str) -> list[str]:
    """One sentence with a quote at most, one question after it, and that an open one."""
    found = []
    rest = LEAD.sub("", text, count=1) if LEAD.match(text) else text
    bare = _QUOTED.sub("“”", rest)
    sentences = [s.strip() for s in _SENTENCE.findall(bare) if s.strip(" .!?…\"'”’")]
    if bare.count("?") > 1:
        found.append("asks more than one question")
    elif len(sentences) != 1:
        found.append("is not one single question")
    if "!" in bare:
        found.append("exclaims")
    if not _OPEN.match(bare):
        found.append("is not an open question")
    elif not bare.rstrip("\"'”’ ").endswith("?") and not _STATEMENT.match(bare):
        found.append("is no question")
    if _DOUBLE.search(_PAIRED.sub("who", bare)):
        found.append("asks two things at once")
    return found


def _claim_faults(text: str, context: Context) -> list[str]:
    """Facts that the respondent did not give: quotes, numbers, tools, claims, words from nowhere."""
    text = straight(text.strip())
    said = [fold(answer) for answer in context.said]
    found = [f"quotes what was not said ('{q[:40]}')" for q in _QUOTED.findall(text) if not any(_holds(answer, q) for answer in said)]
    bare = _QUOTED.sub(" ", text)
    known = " ".join([*said, fold(context.basis)])
    numbers = set(_NUMBER.findall(known))
    found += [f"brings in the number {n}" for n in _NUMBER.findall(bare) if n not in numbers]
    body = LEAD.sub("", text, count=1) if LEAD.match(text) else text
    own = _QUOTED.sub(" ", body)
    for pattern, fault in (
        (_CLAIM, "says what the respondent said or does"), (_SUGGESTS, "suggests answers"), (_PRESUMES, "takes something for granted"),
        (_PERSONAL, "is about the person"), (_MATURITY, "speaks of maturity"), (_ODD, "holds characters that a question does not need"),
    ):  # fmt: skip
        if pattern.search(own):
            found.append(fault)
    if foreign_words(own) > 1:
        found.append("mixes languages")
    heard = words_of(known) | context.vocabulary
    strange = sorted({w for w in _words(bare) if len(w) > 2 and w not in heard})
    if strange:
        found.append(f"brings in words that nobody used ({', '.join(strange[:4])})")
    return found


_PLAIN: Final = word_set(
    "you said earlier mentioned and just now the this that these those with for from into about your yours yourself they them "
    "their there here when while what which who whom whose where why how has have had does did was were are is been being will "
    "would could can may might its one ones any some all each between before after during through over under than then again "
    "more most much many other another same different way ways kind part step steps happen happens happened take takes took "
    "place made make makes done use uses used come comes came get gets got work works worked look looks looked like tell walk "
    "give describe explain example last time times often long since day days week weeks month months year years person people "
    "team someone somebody something anything thing things else next first usually in on at of to as by it a an be do i we me "
    "my our or not out up set decide decides decided decision start starts started begin begins keep keeps kept find finds "
    "found know knows change changes changed hear"
)


def vocabulary_of(texts: Iterable[str]) -> frozenset[str]:
    """Words that a generated wording may use although the respondent did not: those of the questions, and plain ones."""
    return frozenset(word for text in texts for word in words_of(text)) | _PLAIN


def words_of(text: str) -> frozenset[str]:
    """Lower-case words, with and without a plural's or a third person's ending."""
    found = _words(text)
    return frozenset(found | {w[:-1] for w in found if len(w) > 3 and w.endswith("s")} | {f"{w}s" for w in found if len(w) > 3})


def _words(text: str) -> set[str]:
    return {w.lower().replace("’", "'") for w in _WORD.findall(text)}


def fold(text: str) -> str:
    """Text for comparing quotes: case, blanks and the shape of quotation marks do not matter."""
    plain = unicodedata.normalize("NFC", text).replace("’", "'").replace("‘", "'")
    return _SPACE.sub(" ", plain).strip().casefold()


def _holds(answer: str, quote: str) -> bool:
    """Whether a folded answer holds a quote as whole words: “managed” is not what "unmanaged" or "self-managed" says.

    Nor is “retrain every night” what "we never retrain every night" says: a quote that leaves the denial out is none.
    """
    wanted = fold(quote)
    places = re.finditer(rf"(?<!\w)(?<!\w['-]){re.escape(wanted)}(?!['-]?\w)", answer) if wanted else ()
    return any(not _DENIED.search(answer[: place.start()]) for place in places)


def _named(text: str, name: str) -> bool:
    """Whether ``name`` occurs as whole words, however spaced, hyphenated or capitalised."""
    parts = [p for p in re.split(r"[\s-]+|(?<=[a-z])(?=[A-Z])", name.strip()) if p]
    pattern = r"(?<!\w)" + r"[\s-]*".join(map(re.escape, parts)) + r"(?!\w)"
    return bool(parts) and re.search(pattern, text, re.IGNORECASE) is not None


def stage_words(framework: Framework) -> Sequence[str]:
    """Names of stages, long and short."""
    return list(dict.fromkeys(n for s in framework.stages for n in (s.name, s.short) if n))
