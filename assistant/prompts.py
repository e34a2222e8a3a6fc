"""Prompts as files: ``prompts/<task>/v<N>.md``, one strict loader.

A file is YAML front matter (``task``, ``version``, ``description``, ``variables``, optionally ``examples``) and two parts headed
``# system`` and ``# user``. ``{{name}}`` stands for a declared variable. A variable that is undeclared, unused, missing or too much is
an error, before anything is sent. What a variable brings in is never looked at again: text that contains ``{{name}}`` stays as it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import Field, ValidationError

from assistant.errors import AssistantError, PromptError
from assistant.models import Model
from assistant.resources import resource_dir, resource_file

_PARTS: Final = re.compile(r"\A---\n(?P<head>.*?)\n---\n+# system\n(?P<system>.*?)\n# user\n(?P<user>.*?)\n*\Z", re.DOTALL)
_VARIABLE: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*\Z")
_TASK: Final = re.compile(r"[a-z][a-z0-9_-]*\Z")


class Prompt(Model):
    """One version of one prompt."""

    task: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    """Folder below ``prompts/``."""
    version: int = Field(ge=1)
    """The N of ``v<N>.md``."""
    description: str = Field(min_length=1)
    """One sentence for people."""
    variables: tuple[str, ...]
    """Everything that a caller must give."""
    examples: tuple[dict[str, Any], ...] = ()
    """Few-shot examples as data; whoever uses them checks them first."""
    system: str
    """Text of the system message, with variables."""
    user: str
    """Text of the user message, with variables."""
    hash: str
    """SHA-256 of the file."""

    def render(self, values: Mapping[str, str]) -> tuple[str, str]:
        """The system and the user message.

        Raises PromptError where a declared variable is not given, or something is given that is not declared.
        """
        missing, unknown = sorted(set(self.variables) - set(values)), sorted(set(values) - set(self.variables))
        if missing or unknown:
            what = f"no value for {', '.join(missing)}" if missing else f"no such variable: {', '.join(unknown)}"
            raise PromptError(what, source=f"{self.task}/v{self.version}.md", remedy=f"give exactly {', '.join(self.variables)}")
        return tuple(_VARIABLE.sub(lambda found: values[found.group(1)], part) for part in (self.system, self.user))  # type: ignore[return-value]


def parse_prompt(text: str, source: str) -> Prompt:
    """A prompt from the text of its file.

    Raises PromptError, naming ``source`` and the place: for front matter that is none, and for variables undeclared or unused.
    """
    parts = _PARTS.match(text)
    if parts is None:
        raise PromptError("this is not front matter, '# system', '# user'", source=source, remedy="compare it with prompts/extract/v1.md")
    try:
        head = yaml.safe_load(parts["head"])
    except yaml.YAMLError as error:
        raise PromptError(f"the front matter is not YAML: {error}", source=source, remedy="correct it") from error
    if not isinstance(head, dict):
        raise PromptError("the front matter is no list of keys", source=source, remedy="give task, version, description, variables")
    try:
        prompt = Prompt.model_validate(
            {**head, "system": parts["system"], "user": parts["user"], "hash": hashlib.sha256(text.encode("utf-8")).hexdigest()}
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = "key " + ".".join(str(p) for p in first["loc"])
        raise PromptError(str(first["msg"]), source=source, place=place, remedy="correct the front matter") from error
    _check_variables(prompt, source)
    return prompt


def _check_variables(prompt: Prompt, source: str) -> None:
    """Raises PromptError unless what is declared is what is used."""
    declared = list(prompt.variables)
    used = {found.group(1) for part in (prompt.system, prompt.user) for found in _VARIABLE.finditer(part)}
    bad = sorted(name for name in {*declared, *used} if not _NAME.match(name))
    if bad or len(set(declared)) != len(declared):
        what = bad[0] if bad else ", ".join(declared)
        raise PromptError(f"'{what}' is no list of names", source=source, remedy="use a-z, 0-9 and _, each name once")
    for names, what, remedy in (
        (used - set(declared), "used but not declared", "declare them under `variables`"),
        (set(declared) - used, "declared but not used", "use them, or take them out of `variables`"),
    ):
        if names:
            raise PromptError(f"variables {what}: {', '.join(sorted(names))}", source=source, remedy=remedy)


def versions(task: str) -> tuple[int, ...]:
    """Versions of a task's prompt, oldest first. Raises PromptError for an unknown task."""
    folder = resource_dir("prompts") / task
    found = sorted(int(p.stem[1:]) for p in folder.glob("v*.md") if p.stem[1:].isdigit()) if _TASK.match(task) else []
    if not found:
        known = sorted(p.name for p in resource_dir("prompts").iterdir() if p.is_dir())
        raise PromptError(f"there is no prompt for '{task}'", remedy=f"known: {', '.join(known)}")
    return tuple(found)


@lru_cache(maxsize=32)
def load_prompt(task: str, version: int | None = None) -> Prompt:
    """The prompt of a task; the newest version where none is named.

    Raises PromptError: no such task or version, or a file that is not valid.
    """
    known = versions(task)
    wanted = known[-1] if version is None else version
    if wanted not in known:
        raise PromptError(f"there is no version {wanted} of the prompt '{task}'", remedy=f"known: {', '.join(map(str, known))}")
    relative = f"{task}/v{wanted}.md"
    try:
        text = Path(resource_file("prompts", relative)).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, AssistantError) as error:
        raise PromptError(f"the file cannot be read: {error}", source=relative, remedy="reinstall the package") from error
    prompt = parse_prompt(text, relative)
    if (prompt.task, prompt.version) != (task, wanted):
        says = f"it says it is {prompt.task} v{prompt.version}"
        raise PromptError(says, source=relative, remedy="let task and version be those of its path")
    return prompt
