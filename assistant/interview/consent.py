"""What a respondent agrees to before the first question: versioned text that names what is stored and who sees it."""

from __future__ import annotations

from typing import Final

from assistant.interview.guide import Guide
from assistant.models import Model

VERSION: Final = "1.0"
"""Raised whenever the text below changes; what was agreed to is kept to the letter with each interview."""

_TEXT: Final = """This interview: {objective}

What is stored: your answers, word for word, with the time at which they were given; the questions you were asked; what was read in \
your answers about your organisation's practice, with the quotes it rests on. People who assess your organisation's practice will read it.

Who sees your answers: {recipient}

Your rights: you may skip any question, refuse it, pause and go on later, or stop at any time. You may download your own transcript. You \
may withdraw: your answers and everything quoted from them are then erased for good; only a note that an interview was withdrawn remains.

It takes about {minutes:g} minutes. There are no right or wrong answers."""
_LOCAL: Final = "nothing leaves the machine that this runs on. No outside service and no language model sees your answers."
_MODEL: Final = (
    "to word follow-up questions, your last answer is sent to the language model “{model}” at {recipient}{redacted}. "
    "No other outside service sees your answers."
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


def consent_text(guide: Guide, *, recipient: str = "", model: str = "", redacted: bool = True, minutes: float | None = None) -> ConsentText:
    """The text for an interview with this guide, and this model if any."""
    who = _MODEL.format(model=model, recipient=recipient, redacted=_REDACTED if redacted else "") if model else _LOCAL
    text = _TEXT.format(objective=guide.objective, recipient=who, minutes=minutes or guide.budget_minutes)
    return ConsentText(version=VERSION, text=text, recipient=recipient if model else "", model=model)
