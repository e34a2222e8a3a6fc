"""Reply -> items, validated; whatever is not a coding is named, so that the model can be asked once more."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.models import Polarity, Status

_FENCED: Final = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)
MAX_ITEMS: Final = 2000
"""Items of one reply; a model that repeats itself without end gives more."""


class ReplyError(Exception):
    """A reply that is no coding; the text says why, in words that a model understands too."""


@dataclass(frozen=True)
class Context:
    """What a reply may refer to."""

    elements: tuple[str, ...]
    """Short ids."""
    stages: tuple[int, ...]


class Item(BaseModel):
    """One proposal, as the schema names its parts."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    t: int
    q: str
    e: str
    s: tuple[int, ...]
    p: Polarity
    k: Status
    c: tuple[str, ...]


class _Reply(BaseModel):
    """The whole reply."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    items: tuple[Item, ...]


def parse_reply(text: str, context: Context) -> tuple[Item, ...]:
    """The items of a reply.

    Raises ReplyError for anything that the schema does not allow, also from endpoints that ignore the schema.
    """
    fenced = _FENCED.match(text)
    plain = fenced.group(1) if fenced else text
    if not plain.strip():
        raise ReplyError("it is empty")
    try:
        data = json.loads(plain)
    except (json.JSONDecodeError, RecursionError) as error:
        where = f" ({error.msg} at character {error.pos})" if isinstance(error, json.JSONDecodeError) else ""
        raise ReplyError(f"it is no complete JSON{where}") from error
    try:
        reply = _Reply.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise ReplyError(f"{'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg']}") from error
    if len(reply.items) > MAX_ITEMS:
        raise ReplyError(f"it has more than {MAX_ITEMS} items")
    for n, item in enumerate(reply.items):
        if item.e not in context.elements:
            raise ReplyError(f"items.{n}.e: '{item.e[:20]}' is not in the codebook")
        strange = [s for s in item.s if s not in context.stages]
        if strange:
            raise ReplyError(f"items.{n}.s: {strange[0]} is no stage")
    return reply.items
