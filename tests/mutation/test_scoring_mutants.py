"""A fault in a scoring rule does not go unnoticed. The full run: ``python tests/mutation/scoring.py``."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from scoring import EQUIVALENT, FAST, ROOT, mutants, with_fault

SCRIPT = Path(__file__).with_name("scoring.py")


def test_the_most_telling_faults_in_the_scoring_rules_are_caught() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), "--fast"], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(FAST)} mutants, {len(FAST)} caught, 0 equivalent, 0 survived" in done.stdout


def test_every_fault_is_one_and_has_a_name_of_its_own() -> None:
    source = (ROOT / "assistant" / "scoring.py").read_text(encoding="utf-8")
    found = mutants(source)
    names = [m.name for m in found]
    assert len(set(names)) == len(names) > 300
    assert all(ast.dump(ast.parse(with_fault(source, m))) != ast.dump(ast.parse(source)) for m in found[::40])
    assert set(FAST) <= set(names)
    assert set(EQUIVALENT) <= set(names), "explained survivors that exist no more: update EQUIVALENT"
    assert not set(FAST) & set(EQUIVALENT)
    assert all(len(reason) > 10 for reason in EQUIVALENT.values())
