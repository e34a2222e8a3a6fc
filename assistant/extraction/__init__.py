"""Segments + framework -> proposed evidence. Engines: ``local`` (no key, no network) and ``llm`` (an OpenAI-compatible endpoint)."""

from assistant.extraction.base import Engine

__all__ = ["Engine"]
