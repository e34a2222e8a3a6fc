"""The evaluation data beside the checkout, which is not part of the project: where it is, and what is said where it is not."""

from __future__ import annotations

import argparse
from pathlib import Path

EVALUATION = Path(__file__).resolve().parents[2] / "shared" / "evaluation"
"""Holds ``transcripts/*.txt``, ``gold/coder_a`` and ``gold/coder_b`` with a ``.jsonl`` each, and ``agreement.py``."""


def parser_of(about: str | None) -> argparse.ArgumentParser:
    """A parser whose ``--help`` shows the module's own text as it stands."""
    return argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)


def transcripts(folder: Path) -> list[Path]:
    """The text files of the folder, in order. Raises SystemExit where there are none: without them nothing is measured."""
    found = sorted((folder / "transcripts").glob("*.txt"))
    if not found:
        raise SystemExit(f"no transcripts/*.txt in {folder}: this benchmark needs the evaluation data, beside the checkout or as FOLDER")
    return found
