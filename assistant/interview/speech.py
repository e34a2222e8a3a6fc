"""A recorded answer -> its words, by an OpenAI-compatible endpoint. Off unless configured; the sound is sent once and kept nowhere."""

from __future__ import annotations

import hashlib
from typing import Final, Protocol

from assistant.errors import EngineError, InputError
from assistant.extraction.llm.client import api_key, recipient
from assistant.settings import Settings

MAX_SOUND: Final = 24 * 1024 * 1024
"""Bytes; what OpenAI's endpoint takes at most, less a margin."""


class Listener(Protocol):
    """Something that turns sound into words."""

    recipient: str
    """Endpoint that hears it."""
    model: str
    """Model that hears it."""

    def words(self, sound: bytes) -> str:
        """The words said. Raises EngineError where none came."""


class SpeechModel:
    """Transcribes at ``/audio/transcriptions``, as OpenAI, vLLM and whisper servers offer it.

    Raises SettingsError where the key is missing.
    """

    def __init__(self, settings: Settings, model: str) -> None:
        at = settings.interview_speech_base_url
        own = settings if at is None else settings.model_copy(update={"llm_base_url": at})
        self.recipient = recipient(own)
        self.model = model
        self._key = api_key(own)
        self._timeout = settings.interview_speech_timeout

    def words(self, sound: bytes) -> str:
        """See `Listener.words`."""
        # Importing the client takes a second: not before something is really sent.
        import openai

        client = openai.OpenAI(api_key=self._key, base_url=self.recipient, timeout=self._timeout, max_retries=0)
        try:
            with client:
                text = client.audio.transcriptions.create(model=self.model, file=("answer.wav", sound, "audio/wav"), language="en").text
        except openai.OpenAIError as error:
            raise _failed(self.model, type(error).__name__) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            # What the client raises for an answer that is no transcription.
            raise _failed(self.model, type(error).__name__) from error
        if not isinstance(text, str) or not text.strip():
            raise EngineError("no words were heard in the recording", remedy="record it again, or type the answer")
        return text.strip()


def _failed(model: str, why: str) -> EngineError:
    return EngineError(f"the model {model} did not transcribe the recording ({why})", remedy="type the answer, or try again")


def checked(sound: bytes) -> str:
    """What the record says of a recording that is about to leave. Raises InputError for one that is empty or too long."""
    if not sound:
        raise InputError("the recording is empty", remedy="record it again, or type the answer")
    if len(sound) > MAX_SOUND:
        raise InputError(f"the recording has {len(sound) >> 20} MB, more than {MAX_SOUND >> 20}", remedy="record it in parts")
    return f"a recording of {len(sound):,} bytes, SHA-256 {hashlib.sha256(sound).hexdigest()}"


def make_listener(settings: Settings) -> SpeechModel | None:
    """The one that the settings ask for; None: answers are typed. Raises SettingsError where its key is missing."""
    return SpeechModel(settings, settings.interview_speech_model) if settings.interview_speech_model else None
