"""Every error that the assistant raises on purpose.

    AssistantError
    ├── InputError                 something the user gave cannot be used
    │   ├── TranscriptError        a transcript file: file, place, remedy
    │   ├── FrameworkError         a framework YAML or sheet: file, line, key, remedy
    │   ├── EvidenceError          an evidence or assessment file
    │   └── PromptError            a prompt file or its variables
    ├── GroundingError             a span or quote that is not in the transcript
    ├── ModelFileError             the local embedding model is missing or altered
    ├── IndexError_                the retrieval index cannot be opened or built
    ├── StoreError                 the database
    │   ├── NotFoundError          no such row
    │   ├── StaleEditError         somebody else changed it first: carries both versions
    │   └── AppendOnlyError        an attempt to change what only grows
    ├── EngineError                a coding engine could not do its work
    │   └── IncompleteError        (extraction/llm/engine.py) some windows failed; carries what was done
    ├── SettingsError              a setting is missing or wrong
    └── PermissionDenied           a role that may not do this

A message has up to three parts: what is wrong and where; why; what to do about it (``remedy``).
"""

from __future__ import annotations


class AssistantError(Exception):
    """Base of all errors that carry a remedy for the user.

    ``message`` says what is wrong and where, ``remedy`` what to do; ``str()`` gives both.
    """

    exit_code = 1
    """Exit code of the command line when this error ends a command."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(message, remedy)

    def __str__(self) -> str:
        return f"{self.message} — {self.remedy}" if self.remedy else self.message


class InputError(AssistantError):
    """Something the user gave cannot be used: names the ``source`` (file) and the ``place`` in it."""

    exit_code = 3

    def __init__(self, message: str, *, source: str = "", place: str = "", remedy: str = "") -> None:
        self.source = source
        self.place = place
        self.detail = message
        head = ", ".join(part for part in (source, place) if part)
        super().__init__(f"{head}: {message}" if head else message, remedy=remedy)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_input_error, (type(self), self.detail, self.source, self.place, self.remedy))


def _rebuild_input_error(kind: type[InputError], detail: str, source: str, place: str, remedy: str) -> InputError:
    """Unpickle helper: keyword-only arguments do not survive the default protocol."""
    return kind(detail, source=source, place=place, remedy=remedy)


class TranscriptError(InputError):
    """A transcript file that cannot be read, or is beyond a limit."""


class FrameworkError(InputError):
    """A framework file that is not valid."""


class EvidenceError(InputError):
    """An evidence, transcript-copy or assessment file that is not valid."""


class PromptError(InputError):
    """A prompt file or the variables given to it are not valid."""


class GroundingError(AssistantError):
    """A quote or span that is not a verbatim slice of a respondent's turn."""

    exit_code = 4


class ModelFileError(AssistantError):
    """The local embedding model or its tokenizer is missing, or its hash differs from the pinned one."""

    exit_code = 5


class IndexError_(AssistantError):
    """The retrieval index cannot be opened, read or rebuilt."""

    exit_code = 5


class StoreError(AssistantError):
    """The database cannot be reached, is of another version, or refused a write."""

    exit_code = 6


class NotFoundError(StoreError):
    """No row with this id or name."""


class StaleEditError(StoreError):
    """The record changed since it was read. ``current`` and ``attempted`` hold both versions."""

    def __init__(self, message: str, *, current: object = None, attempted: object = None, remedy: str = "") -> None:
        self.current = current
        self.attempted = attempted
        super().__init__(message, remedy=remedy)


class AppendOnlyError(StoreError):
    """An attempt to change or delete what may only grow."""


class EngineError(AssistantError):
    """A coding engine could not do its work."""

    exit_code = 7


class SettingsError(AssistantError):
    """A setting is missing or has a value that cannot be used."""

    exit_code = 2


class PermissionDenied(AssistantError):
    """The signed-in role may not do this."""

    exit_code = 8
