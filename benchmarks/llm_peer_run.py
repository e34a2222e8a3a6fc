"""Runs inside langextract's own virtual environment (see llm_peer.py): reads one JSON task from stdin, prints one JSON result."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import pathlib
import sys
import time
from typing import Any

PROMPT = (
    "Extract every passage in which a participant states how their organisation works (or does not work) with respect to one of these "
    "MLOps framework statements. Use exact text for extraction_text. Give attributes statement (number), polarity present|absent, status "
    "current|planned|past|general.\nStatements:\n"
)


def examples() -> list[Any]:
    """One example with two extractions."""
    import langextract as lx

    wanted = (("We version our datasets with a nightly job", "12"), ("deployment is still somebody copying files", "33"))
    extractions = [
        lx.data.Extraction(
            extraction_class="evidence", extraction_text=text, attributes={"statement": number, "polarity": "present", "status": "current"}
        )
        for text, number in wanted
    ]
    return [lx.data.ExampleData(text=f"P2: {wanted[0][0]}, but {wanted[1][0]}.", extractions=extractions)]


def extract(task: dict[str, Any]) -> dict[str, Any]:
    """Runs over files against the server; gives the wall time in seconds."""
    import langextract as lx

    prompt = PROMPT + "\n".join(f"{n}. {s}" for n, s in enumerate(task["statements"], 1))
    began = time.perf_counter()
    for file in task["files"]:
        lx.extract(
            text_or_documents=pathlib.Path(file).read_text(), prompt_description=prompt, examples=examples(), model_id="gpt-4o",
            api_key="x", max_char_buffer=task["buffer"], max_workers=task["workers"], batch_length=task["workers"], fence_output=False,
            use_schema_constraints=False, language_model_params={"base_url": task["url"]}, show_progress=False,
        )  # fmt: skip
    return {"wall": time.perf_counter() - began}


def align(task: dict[str, Any]) -> dict[str, Any]:
    """Spans that the aligner gives to quotes, with its defaults; None where it gives none."""
    import langextract as lx
    from langextract.resolver import WordAligner

    spans = []
    for quote, text in task["pairs"]:
        extraction = lx.data.Extraction(extraction_class="evidence", extraction_text=quote)
        found = WordAligner().align_extractions([[extraction]], text)[0][0]
        interval = found.char_interval
        spans.append(None if interval is None else [interval.start_pos, interval.end_pos])
    return {"spans": spans}


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    given = json.load(sys.stdin)
    result = {"extract": extract, "align": align}[given["do"]](given)
    result["version"] = importlib.metadata.version("langextract")
    print("\n" + json.dumps(result))
