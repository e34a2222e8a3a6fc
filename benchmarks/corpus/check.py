#!/usr/bin/env python3
"""Validate corpus files: `check.py FILE...`; prints every fault with file and line, then counts per element and status."""

import collections
import pathlib
import re
import sys

ELEMENTS = {
    "data.management",
    "data.governance",
    "data.versioning",
    "data.feature_store",
    "model.development",
    "model.code_versioning",
    "model.metadata",
    "model.reproducibility",
    "deployment.process",
    "deployment.frequency",
    "deployment.cicd",
    "operations.monitoring",
    "operations.retraining_frequency",
    "operations.infrastructure",
    "organisation.roles",
    "organisation.stakeholder_communication",
    "organisation.team_communication",
}
CODE = re.compile(r"!?(D[1-6]|M[1-4]|DY[1-3]|OI[1-3]|OG[12])")
LABEL = re.compile(
    r"(?P<element>[a-z._]+)/(?:(?P<more>>)|(?P<status>[cphg])/(?P<polarity>[+!])/(?P<low>[1-5])-(?P<high>[1-5])(?:/(?P<codes>[A-Z0-9!,]+))?)"
)


def faults(path: pathlib.Path, counts: collections.Counter, ids: set) -> list[str]:
    """Every fault of one file as `file:line: what`; fills `counts` and `ids`."""
    found, previous, open_dialogue, last_speaker = [], set(), False, ""
    for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):

        def bad(what: str, n: int = n) -> None:
            found.append(f"{path}:{n}: {what}")

        if not line.strip():
            previous, open_dialogue = set(), False
            continue
        if line.startswith("#"):
            parts = [p.strip() for p in line[1:].split("|")]
            if len(parts) != 4:
                bad("a dialogue line needs 4 parts: id | setting | respondent | style")
            if parts[0] in ids:
                bad(f"dialogue id {parts[0]} is used twice")
            ids.add(parts[0])
            previous, open_dialogue, last_speaker = set(), True, ""
            counts["dialogues"] += 1
            continue
        cols = line.split("\t")
        if not open_dialogue:
            bad("sentence outside a dialogue")
        if cols[0] == "Q":
            if len(cols) != 2:
                bad("Q lines have two columns")
            previous, last_speaker = set(), "Q"
            counts["Q"] += 1
            continue
        if cols[0] not in "AB" or len(cols) != 3:
            bad("want A or B, TAB, sentence, TAB, labels")
            continue
        if cols[0] != last_speaker:
            previous = set()
        last_speaker = cols[0]
        counts["respondent"] += 1
        counts["words"] += len(cols[1].split())
        now = set()
        if cols[2] != "-":
            counts["evidence sentences"] += 1
            for label in cols[2].split(" "):
                m = LABEL.fullmatch(label)
                if not m or m["element"] not in ELEMENTS:
                    bad(f"label not understood: {label}")
                    continue
                if m["element"] in now:
                    bad(f"{m['element']} twice on one line")
                now.add(m["element"])
                if m["more"]:
                    if m["element"] not in previous:
                        bad(f"{label} continues nothing: the sentence before (same speaker) has no {m['element']}")
                    continue
                counts[m["element"]] += 1
                counts["status " + m["status"]] += 1
                if int(m["low"]) > int(m["high"]):
                    bad(f"stage range upside down: {label}")
                if m["polarity"] == "!" and (m["low"], m["high"]) != ("1", "1"):
                    bad(f"absent is 1-1: {label}")
                for code in (m["codes"] or "").split(",") if m["codes"] else []:
                    if not CODE.fullmatch(code):
                        bad(f"code not understood: {code}")
        previous = now
    return found


def main() -> int:
    """Check the files named; exit 1 on any fault."""
    counts: collections.Counter = collections.Counter()
    ids: set = set()
    found = [f for name in sys.argv[1:] for f in faults(pathlib.Path(name), counts, ids)]
    print("\n".join(found[:60]))
    for key, n in sorted(counts.items()):
        print(f"{n:6d} {key}")
    print(f"{len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
