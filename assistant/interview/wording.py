"""A probe worded by a model. What comes back is only a proposal: the Conductor shows it if it passes the gate, else the guide's own."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from assistant.errors import EngineError
from assistant.extraction.llm.client import api_key, recipient
from assistant.extraction.llm.redact import Names, redact
from assistant.models import Role, Transcript, Turn
from assistant.prompts import load_prompt
from assistant.settings import Settings

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

MAX_CHARACTERS: Final = 600
"""Where a reply is cut off: no question is that long."""
MAX_SAID: Final = 2_000
"""Characters of the last answer that are sent, at most."""
ATTEMPTS: Final = 2
"""Wordings asked for: the first and one more."""
MAX_FAILURES: Final = 3
"""After so many failures of a model the rest of the interview does without it."""


@dataclass(frozen=True)
class Draft:
    """What would be sent."""

    system: str
    """Message of the role system."""
    user: str
    """Message of the role user."""
    prompt: str
    """Hash of the prompt file."""
    names: tuple[tuple[str, str], ...]
    """Placeholders and what they stand for."""

    @property
    def text(self) -> str:
        """Everything that leaves, as it is logged."""
        return f"{self.system}\n\n{self.user}"


class Worder(Protocol):
    """Something that words questions."""

    recipient: str
    """Endpoint that sees the answers."""
    model: str
    """Model that sees the answers."""
    redacts: bool
    """Whether known names, addresses and numbers are replaced before."""

    def draft(self, question: str, seeks: str, said: str) -> Draft:
        """What would be sent; nothing leaves. ``question``: the guide's, without any of the respondent's words; those are in ``said``."""

    def word(self, draft: Draft) -> str:
        """The reply to the letter, cut where it is far too long. Raises EngineError where none came."""


class ModelWorder:
    """Words through LangChain at an OpenAI-compatible endpoint, streamed; stops reading once no question can come of it any more.

    Raises SettingsError where the key is missing.
    """

    def __init__(self, settings: Settings, model: str, names: Names | None = None, *, watch: Callable[[str], None] | None = None) -> None:
        self.recipient = recipient(settings)
        self.model = model
        self.redacts = settings.llm_redact
        self._key = api_key(settings)
        self._settings = settings
        known = names or Names()
        self._names = Names((), known.organisations, (*known.others, *settings.llm_redact_names)).with_people(known.people)
        self._watch = watch
        self._chat: ChatOpenAI | None = None

    def draft(self, question: str, seeks: str, said: str) -> Draft:
        """See `Worder.draft`: known names, addresses and numbers are replaced unless the settings say otherwise."""
        whole, names = self._redacted(said)
        # Cut afterwards: half a name would not be found.
        shown = whole[:MAX_SAID]
        prompt = load_prompt("probe")
        fence = "#" + hashlib.sha256(shown.encode("utf-8", "surrogatepass")).hexdigest()[:10]
        system, user = prompt.render({"question": question, "seeks": seeks, "fence": fence, "said": shown})
        return Draft(system, user, prompt.hash, names)

    def _redacted(self, said: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        if not self._settings.llm_redact:
            return said, ()
        turn = Turn(index=0, speaker="Respondent", role=Role.RESPONDENT, start=0, end=len(said))
        whole = Transcript(id="t-0", name="answer", format="interview", text=said, turns=(turn,), sha256="0" * 64, size=0)
        done = redact(whole, self._names, region=self._settings.llm_phone_region)
        return done.transcript.text, tuple((swap.placeholder, said[swap.start : swap.end]) for swap in done.swaps)

    def word(self, draft: Draft) -> str:
        """See `Worder.word`."""
        text = self._stream(draft)
        for placeholder, original in draft.names:
            text = text.replace(placeholder, original)
        return text

    def _stream(self, draft: Draft) -> str:
        import httpx
        import openai
        from langchain_core.exceptions import LangChainException
        from langsmith import tracing_context

        pieces: list[str] = []
        # The client's own limit is for each piece: an endpoint that drips them would hold the respondent up for good.
        end = time.monotonic() + self._settings.interview_timeout
        try:
            # As in coding: tracing asked for in the environment would send a copy to a party that consent does not name.
            with tracing_context(enabled=False):
                for chunk in self._model().stream([("system", draft.system), ("user", draft.user)]):
                    pieces.append(chunk.content if isinstance(chunk.content, str) else "".join(map(_text, chunk.content)))
                    if self._watch is not None:
                        self._watch(pieces[-1])
                    if sum(map(len, pieces)) > MAX_CHARACTERS:
                        break
                    if time.monotonic() > end:
                        raise EngineError(f"the model {self.model} did not finish in {self._settings.interview_timeout:g} s")
        except (openai.OpenAIError, LangChainException, httpx.HTTPError) as error:
            # The client wraps what goes wrong before the first piece; a stream that stalls or breaks raises httpx's own.
            raise EngineError(f"the model {self.model} did not answer ({type(error).__name__})") from error
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, OSError) as error:
            # What LangChain raises for a stream that is no chat completion.
            raise EngineError(f"the answer of the model {self.model} cannot be read ({type(error).__name__})") from error
        return "".join(pieces)[: MAX_CHARACTERS + 1]

    def _model(self) -> ChatOpenAI:
        # Importing LangChain takes a second or two: not before something is really sent.
        from langchain_openai import ChatOpenAI
        from pydantic import SecretStr

        if self._chat is None:
            self._chat = ChatOpenAI(
                model=self.model, base_url=self.recipient, api_key=SecretStr(self._key), timeout=self._settings.interview_timeout,
                max_retries=0, use_responses_api=False, stream_usage=False, temperature=self._settings.llm_temperature, max_tokens=120,
            )  # fmt: skip
        return self._chat


def _text(part: Any) -> str:
    return str(part.get("text", "")) if isinstance(part, dict) else str(part)


def make_worder(
    settings: Settings, names: Names | None = None, *, watch: Callable[[str], None] | None = None
) -> ModelWorder | None:  # fmt: skip
    """The worder that the settings ask for; None: the guide's own questions. Raises SettingsError where its key is missing."""
    return ModelWorder(settings, settings.interview_model, names, watch=watch) if settings.interview_model else None
