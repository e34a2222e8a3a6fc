"""Which language a few words are in: by script, else by function words. Small on purpose: it only has to tell English from the rest."""

from __future__ import annotations

import re
from typing import Final

from assistant.segments import word_set

_WORDS: Final = {
    "en": word_set(
        "the a an and or of to in on for with from is are was were be been do does did have has had it its this that these "
        "those there here how what who which when where why we you they our your their my i not no yes but so if then than as "
        "at by can could would should will about into over after before me tell just because or each every some any all one "
        "more most"
    ),
    "de": word_set(
        "der die das und oder von zu in im auf für mit aus ist sind war waren sein wir ihr sie ich nicht kein keine ja aber "
        "wenn dann als bei kann können würde wird werden wie was wer welche wann wo warum ein eine einen einem dem den des es "
        "auch noch nur schon nach vor über unser ihre haben hat hatte machen macht man jeder jede"
    ),
    "fr": word_set(
        "le la les un une des et ou de du au aux en dans sur pour avec est sont était nous vous ils elles je ne pas oui mais si "
        "alors que qui quoi comment quand où pourquoi quel quelle ce cette ces il elle on notre votre leur se sa son ses très "
        "plus fait faire avons avez"
    ),
    "es": word_set(
        "el la los las un una unos unas y o de del al en sobre para con es son era nosotros ustedes ellos yo no sí pero si "
        "entonces que quien qué cómo cuándo dónde por cuál este esta estos su sus nuestro muy más se lo le hay tenemos hacemos "
        "cada como"
    ),
    "sv": word_set(
        "och eller av till i på för med från är var vi ni de jag inte nej ja men om då som kan skulle hur vad vem vilken när "
        "var varför en ett den det att har hade också efter före vår er sig alla varje"
    ),
    "it": word_set(
        "il lo la gli le un una e o di del della al in su per con è sono era noi voi loro io non sì ma se allora che chi come "
        "quando dove perché quale questo questa nostro molto più si abbiamo ogni"
    ),
    "nl": word_set(
        "de het een en of van naar in op voor met uit is zijn was waren wij jullie ik niet geen ja maar als dan hoe wat wie "
        "welke wanneer waar waarom dit dat ons onze ook nog al bij wordt worden hebben heeft elke"
    ),
    "pt": word_set(
        "o a os as um uma e ou de do da em no na para com é são era nós vocês eles eu não sim mas se então que quem como quando "
        "onde por qual este esta nosso muito mais temos cada"
    ),
    "pl": word_set(
        "i lub z do w na dla od jest są był my wy oni ja nie tak ale jeśli jak co kto który kiedy gdzie dlaczego to ten ta się "
        "mamy przez oraz"
    ),
}
_ENGLISH_TOO: Final = word_set("no me come man die war was on son over met dan nut me et al fast often per us am pour an mine ever al use")
_WORD: Final = re.compile(r"[^\W\d_]+")


def straight(text: str) -> str:
    """The text, as long as before, with the apostrophe of a typewriter: phones and word processors type another one in "don't"."""
    return text.replace("\u2019", "'").replace("\u02bc", "'")


def language_of(text: str) -> str:
    """``en``, another code, ``other`` for another script; empty where there is too little to tell."""
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return ""
    if sum(ord(c) > 0x24F for c in letters) > 0.3 * len(letters):
        return "other"
    words = [w.lower() for w in _WORD.findall(text)]
    counts = {language: sum(w in known for w in words) for language, known in _WORDS.items()}
    best = max(counts, key=lambda language: (counts[language], language == "en"))
    if counts[best] < 2 and len(words) < 4:
        return ""
    if counts[best] == 0:
        return "en" if all(c.isascii() for c in letters) else "other"
    return best


def foreign_words(text: str) -> int:
    """Function words of the one other language that a text holds most of, those that English has too left out."""
    words = {w.lower() for w in _WORD.findall(text)} - _WORDS["en"] - _ENGLISH_TOO
    return max(len(words & known) for language, known in _WORDS.items() if language != "en")
