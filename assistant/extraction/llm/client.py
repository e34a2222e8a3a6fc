"""Request -> what came back, through LangChain's ``ChatOpenAI``: OpenAI, Azure (its v1 address), vLLM, Ollama, llama.cpp by base URL."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from assistant.errors import SettingsError
from assistant.extraction.llm.retry import RETRIED, Failure, asked_wait
from assistant.settings import Settings
from assistant.store.llm_calls import Arrival

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from langchain_openai import ChatOpenAI

OPENAI: Final = "https://api.openai.com/v1"
"""Where requests go if no base URL is set."""


@dataclass(frozen=True)
class Answer:
    """A reply and the headers that came with it."""

    arrival: Arrival
    headers: Mapping[str, str] = field(default_factory=dict)


def recipient(settings: Settings) -> str:
    """The address that requests go to."""
    return (settings.llm_base_url or settings.openai_base_url or OPENAI).rstrip("/")


def api_key(settings: Settings) -> str:
    """The key. Raises SettingsError where there is none and the endpoint is OpenAI's own."""
    if settings.openai_api_key is not None and settings.openai_api_key.get_secret_value():
        return settings.openai_api_key.get_secret_value()
    if recipient(settings) == OPENAI:
        raise SettingsError("--engine llm needs a key", remedy="set OPENAI_API_KEY, or OPENAI_BASE_URL for a model of your own")
    return "none"


class ChatClient:
    """Sends bodies of chat completions. Safe for threads; never retries by itself.

    Raises SettingsError where the key is missing.
    """

    def __init__(self, settings: Settings) -> None:
        self.recipient = recipient(settings)
        self._key = api_key(settings)
        self._timeout = settings.llm_timeout
        self._models: dict[str, ChatOpenAI] = {}
        self._lock = threading.Lock()

    def _model(self, name: str) -> ChatOpenAI:
        # Importing LangChain takes a second or two: not before something is really sent.
        from langchain_openai import ChatOpenAI
        from pydantic import SecretStr

        with self._lock:
            if name not in self._models:
                self._models[name] = ChatOpenAI(
                    model=name, base_url=self.recipient, api_key=SecretStr(self._key), timeout=self._timeout, max_retries=0,
                    include_response_headers=True, use_responses_api=False, stream_usage=False, temperature=None,
                )  # fmt: skip
            return self._models[name]

    def warm(self, model: str) -> None:
        """Loads what sending needs, so that it overlaps with other work."""
        self._model(model)

    def send(self, body: Mapping[str, Any]) -> Answer:
        """The reply to a body.

        Raises Failure: with the reason, whether to try again, and how long the endpoint asks to wait.
        """
        import openai
        from langchain_core.exceptions import LangChainException
        from langsmith import tracing_context

        options = {name: value for name, value in body.items() if name not in ("model", "messages")}
        try:
            # LANGSMITH_TRACING in the environment would send a copy of everything to a third party that no log of ours names.
            with tracing_context(enabled=False):
                message = self._model(str(body["model"])).invoke([(m["role"], m["content"]) for m in body["messages"]], **options)
        except openai.LengthFinishReasonError as error:
            return Answer(arrival_of(error.completion.model_dump(), "length"))
        except openai.ContentFilterFinishReasonError as error:
            raise Failure("the endpoint's content filter stopped the reply", retryable=False) from error
        except openai.APIStatusError as error:
            raise _status(error) from error
        except openai.APITimeoutError as error:
            raise Failure(f"no answer within {self._timeout:g} s", retryable=True) from error
        except openai.APIConnectionError as error:
            raise Failure(f"the connection failed ({type(error.__cause__ or error).__name__})", retryable=True) from error
        except (openai.OpenAIError, LangChainException) as error:
            raise Failure(f"the endpoint's answer cannot be read ({type(error).__name__})", retryable=True) from error
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            # What LangChain raises for a body that is no chat completion: half a JSON, no choices, an error in a 200.
            raise Failure(f"the endpoint's answer is no chat completion ({type(error).__name__})", retryable=True) from error
        return _answer(message)


def _status(error: Any) -> Failure:
    """An HTTP status as a failure. The endpoint's text is kept short: it may repeat the request."""
    status, headers = int(error.status_code), dict(error.response.headers)
    code = str(getattr(error, "code", None) or "")
    reason = f"the endpoint answered {status}" + (f" ({code[:60]})" if code else "")
    if code == "insufficient_quota":
        return Failure(reason, retryable=False, fatal=True)
    retryable = status in RETRIED
    return Failure(reason, retryable=retryable, wait=asked_wait(headers) if retryable else None, fatal=status in (401, 403, 404))


def _answer(message: BaseMessage) -> Answer:
    about = message.response_metadata
    usage: Any = getattr(message, "usage_metadata", None) or {}
    refusal = message.additional_kwargs.get("refusal")
    content = message.content if isinstance(message.content, str) else "".join(_text(part) for part in message.content)
    arrival = Arrival(
        reply=str(refusal) if refusal else content,
        finish_reason="refusal" if refusal else str(about.get("finish_reason") or ""),
        model_answered=str(about.get("model_name") or ""),
        input_tokens=int(usage.get("input_tokens") or 0),
        cached_tokens=int((usage.get("input_token_details") or {}).get("cache_read") or 0),
        output_tokens=int(usage.get("output_tokens") or 0),
    )
    return Answer(arrival, {str(k): str(v) for k, v in (about.get("headers") or {}).items()})


def _text(part: Any) -> str:
    return str(part.get("text", "")) if isinstance(part, dict) else str(part)


def arrival_of(completion: Mapping[str, Any], finish_reason: str = "") -> Arrival:
    """A chat completion's plain JSON (from a cut-off reply or a batch file).

    Raises KeyError, IndexError, TypeError or ValueError where it is no chat completion.
    """
    choice = completion["choices"][0]
    message, usage = choice["message"], completion.get("usage") or {}
    refusal = message.get("refusal")
    return Arrival(
        reply=str(refusal or message.get("content") or ""),
        finish_reason="refusal" if refusal else finish_reason or str(choice.get("finish_reason") or ""),
        model_answered=str(completion.get("model") or ""),
        input_tokens=int(usage.get("prompt_tokens") or 0),
        cached_tokens=int((usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0),
        output_tokens=int(usage.get("completion_tokens") or 0),
    )
