"""What a respondent agrees to before the first question: versioned text that names what is stored and who sees it."""

from __future__ import annotations

from typing import Final

from assistant.interview.guide import Guide
from assistant.models import Model

VERSION: Final = "1.2"
"""Raised whenever the text below changes; what was agreed to is kept to the letter with each interview."""

_TEXT: Final = """What this interview is for: {objective}

What is stored: {stored}, with the time at which they were given; the questions you were asked; what was read in \
your answers about your organisation's practice, with the quotes it rests on. People who assess your organisation's practice will read it.

Who sees your answers: {recipient}{speech}

Your rights: you may skip any question, refuse it, pause and go on later, or stop at any time. You may download your own transcript. You \
may withdraw: your answers and everything quoted from them are then erased for good; only a note that an interview was withdrawn remains.

It takes about {minutes:g} minutes. There are no right or wrong answers."""
_LOCAL: Final = "nothing leaves the machine that this runs on. No outside service and no language model sees your answers."
_TYPED: Final = "answers that you type stay on the machine that this runs on. No language model sees them."
_WORDING: Final = "to word follow-up questions, your last answer is sent to the language model “{model}” at {recipient}{redacted}."
_READING: Final = (
    "to read what your answers say of your organisation's practice, each answer is sent with its question to the language model “{model}” "
    "at {recipient}{redacted}."
)
_REST: Final = "Nothing else of what you type leaves the machine that this runs on."
_VERBATIM: Final = "your answers, word for word"
_NOTED: Final = "what the interviewer notes of your answers"
_SPEECH: Final = (
    " If you choose to speak an answer, the recording is sent to the speech model “{model}” at {recipient} and comes back as text that you "
    "can correct; the recording itself is not kept here."
)
_REDACTED: Final = ", with known names, addresses and numbers replaced before"


class ConsentText(Model):
    """The text to agree to."""

    version: str
    """See `VERSION`."""
    text: str
    """In full, as shown."""
    recipient: str = ""
    """Endpoint that words questions, as named; empty: none."""
    model: str = ""
    """Model that words questions; empty: none."""
    reading_recipient: str = ""
    """Endpoint that codes answers; empty: none."""
    reading_model: str = ""
    """Model that codes answers; empty: none."""
    speech_recipient: str = ""
    """Endpoint for recordings; empty: none."""
    speech_model: str = ""
    """Model for recordings; empty: none."""
    redacted: bool = True
    """Whether known names, addresses and numbers are replaced before anything is sent."""


Party = tuple[str, str]
"""Endpoint and model; both empty where there is none."""
NOBODY: Final[Party] = ("", "")


def consent_text(
    guide: Guide,
    *,
    wording: Party = NOBODY,
    reading: Party = NOBODY,
    speech: Party = NOBODY,
    redacted: bool = True,
    minutes: float | None = None,
    verbatim: bool = True,
) -> ConsentText:
    """The text for an interview with this guide, and whoever sees or hears answers beside those who assess."""
    hidden = _REDACTED if redacted else ""
    asked = [(_READING, reading), (_WORDING, wording)]
    sent = [form.format(recipient=party[0], model=party[1], redacted=hidden) for form, party in asked if party[1]]
    local = _TYPED if speech[1] else _LOCAL
    text = _TEXT.format(
        objective=guide.objective, stored=_VERBATIM if verbatim else _NOTED, recipient=" ".join([*sent, _REST]) if sent else local,
        speech=_SPEECH.format(recipient=speech[0], model=speech[1]) if speech[1] else "", minutes=minutes or guide.budget_minutes,
    )  # fmt: skip
    return ConsentText(
        version=VERSION, text=text, recipient=wording[0], model=wording[1], reading_recipient=reading[0], reading_model=reading[1],
        speech_recipient=speech[0], speech_model=speech[1], redacted=redacted,
    )  # fmt: skip
