"""What a respondent agrees to before the first question: versioned text that names what is stored and who sees it."""

from __future__ import annotations

from typing import Final

from assistant.interview.guide import Guide
from assistant.models import Model

VERSION: Final = "1.1"
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
_MODEL: Final = (
    "to word follow-up questions, your last answer is sent to the language model “{model}” at {recipient}{redacted}. "
    "Nothing else of what you type leaves the machine that this runs on."
)
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
    """Endpoint that it names; empty: none."""
    model: str = ""
    """Model that it names; empty: none."""
    speech_recipient: str = ""
    """Endpoint for recordings that it names; empty: none."""
    speech_model: str = ""
    """Model for recordings that it names; empty: none."""


def consent_text(
    guide: Guide,
    *,
    recipient: str = "",
    model: str = "",
    redacted: bool = True,
    minutes: float | None = None,
    speech: tuple[str, str] = ("", ""),
    verbatim: bool = True,
) -> ConsentText:
    """The text for an interview with this guide, and these models if any. ``speech``: endpoint and model for recordings."""
    local = _TYPED if speech[1] else _LOCAL
    who = _MODEL.format(model=model, recipient=recipient, redacted=_REDACTED if redacted else "") if model else local
    heard = _SPEECH.format(recipient=speech[0], model=speech[1]) if speech[1] else ""
    text = _TEXT.format(
        objective=guide.objective, stored=_VERBATIM if verbatim else _NOTED, recipient=who, speech=heard,
        minutes=minutes or guide.budget_minutes,
    )  # fmt: skip
    return ConsentText(
        version=VERSION, text=text, recipient=recipient if model else "", model=model, speech_recipient=speech[0] if speech[1] else "",
        speech_model=speech[1],
    )  # fmt: skip
