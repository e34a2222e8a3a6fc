"""Mutation testing of the scoring rules: one small fault at a time, and the tests must notice.

    python tests/mutation/scoring.py             all mutants (minutes)
    python tests/mutation/scoring.py --fast      the most telling dozen (seconds)
    python tests/mutation/scoring.py --list      what would be tried
    python tests/mutation/scoring.py --only blocked

The package is copied to a temporary folder, `scoring.py` there is changed through its syntax tree, and the scoring tests run against
the copy in a forked process, stopping at the first failure. Exit code 1: somebody survived without an explanation in `EQUIVALENT`,
an entry there is no longer needed, or the tests fail without any fault.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.util
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
TESTS: Final = tuple(ROOT / "tests" / f"test_scoring_{part}.py" for part in ("elements", "policies", "practices", "properties"))
TIMEOUT: Final = 180
"""Seconds after which a mutant counts as caught: it hangs."""

EQUIVALENT: Final[dict[str, str]] = {
    "grade: if rated == 0: return 'N' => if False: return 'N'": "0 of 0 is not above 15 %, so the grade is N on either way",
    "grade: 0 => -1": "0 of 0 is not above 15 %, so the grade is N on either way",
    "place: 0 => -1": "placed evidence has exactly one statement: the first is the last",
    "rate_element: 0 => -1": "placed evidence has exactly one statement: the first is the last",
    "rate_element: 0 => -1 (2)": "placed evidence has exactly one statement: the first is the last",
    "rate_element: 0 => -1 (3)": "placed evidence has exactly one statement: the first is the last",
    "rate_element: 0 => -1 (4)": "placed evidence has exactly one statement: the first is the last",
    "rate_element: len(by_statement) == 1 and disagreeing => disagreeing": "`excluded` is only asked for together with the same length",
    "rate_element: for p in placements if p.stage is None => for p in placements": "placed evidence never disagrees with its own statement",
    "rate_element: for p in placed if p.stage is not None => for p in placed": "`placed` holds placed evidence only; the condition is for the type checker",
    "_conflicting: named[key].stage_low => named[key].stage_high": "statements of an element do not overlap: both ends sort alike",
    "blocked: 0 => -1": "unrated is below every stage, which are from 1 up",
    "_share: 0.0 => -1.0": "a threshold is never below 0",
    "_one_decision_away: if now.status is RatingStatus.NOT_APPLICABLE: return => if False: return": "a shortcut: no evidence moves an element that does not apply",
    "_one_decision_away: e.status is not Status.CURRENT or e.state in (EvidenceState.REJECTED, EvidenceState.SUPERSEDED) => e.state in (EvidenceState.REJECTED, EvidenceState.SUPERSEDED)": "a shortcut: confirming evidence that is not current changes no rating",
    "sensitivity: if key not in results: what_if = [*ratings[ => if True: what_if = [*ratings[": "a cache: only time is lost",
    "sensitivity: changed.low => changed.high": "a cache: the headline stage depends on the element's stage alone",
    "sensitivity: changed.high => changed.low": "a cache: the headline stage depends on the element's stage alone",
    "sensitivity: 'overall' => 'whole'": "only the stage of this result is read, not its scope",
    "what_if: RatingStatus.RATED => RatingStatus.UNPLACED": "the changed rating is not shown; groups read its stage and bounds",
    "verify: again.hash == assessment.hash and content_hash(again) == content_hash(assessment) => content_hash(again) == content_hash(assessment)": "the content compared holds the hash; the first comparison is a shortcut",
    "apply_policy: break => continue": "fewer elements reach every later stage: it breaks there too",
    "sensitivity: 'overall' => 'whole' (2)": "only the stage of this result is read, not its scope",
}
"""Mutants that change nothing anybody can see, with the reason."""

FAST: Final[tuple[str, ...]] = (
    "counts: Status.CURRENT => Status.PLANNED",
    "counts: evidence.state is EvidenceState.CONFIRMED and evidence.status is Status.CURRENT => evidence.status is Status.CURRENT",
    "place: evidence.polarity is Polarity.ABSENT => evidence.polarity is not Polarity.ABSENT",
    "place: statement.stage_high => statement.stage_low",
    "rate_element: if not placements: return _unrated(elem => if False: return _unrated(elem",
    "_conflicting: min => max",
    "_conflicting: decision is not None and decision.action == 'settle' and (decision.statement in allowed) => decision is not None and decision.action == 'settle'",
    "grade: 85 => 86",
    "apply_policy: row.reached <= Fraction(str(policy.threshold)) * row.rated => row.reached < Fraction(str(policy.threshold)) * row.rated",
    "apply_policy: if row.grade != 'F': break => if False: break",
    "blocked: stage >= p.from_stage => stage > p.from_stage",
    "rate_group: len(known) >= Fraction(str(framework.min_coverage)) * len(applicable) => len(known) > Fraction(str(framework.min_coverage)) * len(applicable)",
    "practice_stage: _share(framework, d.id, present) > rule.threshold => _share(framework, d.id, present) >= rule.threshold",
)
"""Those that a plain test run tries: one for each rule."""

# ---------------------------------------------------------------- faults

COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
NAMES: Final = {"min": "max", "max": "min", "all": "any", "any": "all"}
ATTRIBUTES: Final = {
    "stage_low": "stage_high",
    "stage_high": "stage_low",
    "low": "high",
    "high": "low",
    "intersection": "union",
    "union": "intersection",
}
MEMBERS: Final = {
    "EvidenceState": {"CONFIRMED": "UNSURE", "PROPOSED": "CONFIRMED", "REJECTED": "UNSURE", "SUPERSEDED": "UNSURE"},
    "Status": {"CURRENT": "PLANNED"},
    "Polarity": {"ABSENT": "PRESENT"},
    "RatingStatus": {"RATED": "UNPLACED", "UNPLACED": "UNKNOWN", "UNKNOWN": "UNPLACED", "NOT_APPLICABLE": "UNKNOWN"},
}
WORDS: Final = {
    "not_applicable": "reopen",
    "reopen": "settle",
    "settle": "reopen",
    "missing_evidence": "settle",
    "minimum": "nplf",
    "nplf": "minimum",
    "N": "P",
    "P": "L",
    "L": "F",
    "F": "L",
    "present": "absent",
    "absent": "unknown",
    "unknown": "present",
    "withdraw": "confirm",
    "confirm": "withdraw",
    "overall": "whole",
}
Change = Callable[[ast.AST], ast.AST]


@dataclass(frozen=True)
class Mutant:
    """One fault: its name, stable while the function around it is, and where it lies."""

    name: str
    position: int = -1
    """Of the node in `ast.walk`; below 0: no fault."""
    which: int = 0
    """Among the faults of the node."""


def _set(**fields: object) -> Change:
    """A change of fields of the node itself."""

    def change(node: ast.AST) -> ast.AST:
        for key, value in fields.items():
            setattr(node, key, value)
        return node

    return change


def _without(field: str, position: int) -> Change:
    def change(node: ast.AST) -> ast.AST:
        items = getattr(node, field)
        del items[position]
        return items[0] if isinstance(node, ast.BoolOp) and len(items) == 1 else node

    return change


def _operator(position: int, to: type[ast.cmpop]) -> Change:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.Compare)
        node.ops[position] = to()
        return node

    return change


def _constants(value: object) -> Iterator[object]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield value + 1
        yield value - 1
    elif isinstance(value, str) and value in WORDS:
        yield WORDS[value]


def _expressions(node: ast.AST) -> Iterator[Change]:
    """Faults in an expression."""
    match node:
        case ast.Compare(ops=ops):
            yield from (_operator(i, to) for i, op in enumerate(ops) for to in COMPARISONS[type(op)])
        case ast.BoolOp(op=op, values=values):
            yield _set(op=ast.Or() if isinstance(op, ast.And) else ast.And())
            yield from (_without("values", i) for i in range(len(values)))
        case ast.BinOp(op=op) if type(op) in OPERATORS:
            yield _set(op=OPERATORS[type(op)]())
        case ast.UnaryOp(op=ast.Not()):
            yield lambda n: n.operand  # type: ignore[attr-defined]
        case ast.Constant(value=value):
            yield from (_set(value=other) for other in _constants(value))
        case ast.Name(id=name) if name in NAMES:
            yield _set(id=NAMES[name])
        case ast.Attribute(value=ast.Name(id=owner), attr=attr) if attr in MEMBERS.get(owner, {}):
            yield _set(attr=MEMBERS[owner][attr])
        case ast.Attribute(attr=attr) if attr in ATTRIBUTES:
            yield _set(attr=ATTRIBUTES[attr])
        case ast.IfExp(body=body, orelse=orelse):
            yield _set(body=copy.deepcopy(orelse), orelse=copy.deepcopy(body))
        case ast.comprehension(ifs=ifs):
            yield from (_without("ifs", i) for i in range(len(ifs)))
        case ast.Lambda(body=ast.Tuple(elts=elts)):
            for i in range(len(elts)):
                yield _set(body=ast.Tuple(elts=[copy.deepcopy(e) for j, e in enumerate(elts) if j != i], ctx=ast.Load()))


def _statements(node: ast.AST) -> Iterator[Change]:
    """Faults in the flow of statements."""
    match node:
        case ast.If(body=body, orelse=orelse):
            yield _set(test=ast.Constant(value=False))
            yield _set(test=ast.Constant(value=True))
            if orelse:
                yield _set(body=copy.deepcopy(orelse), orelse=copy.deepcopy(body))
        case ast.Break():
            yield lambda _: ast.Continue()
        case ast.Continue():
            yield lambda _: ast.Pass()
            yield lambda _: ast.Break()


def _skipped(tree: ast.Module) -> set[int]:
    """Nodes without a meaning at run time: annotations, words for people, assertions for the type checker."""
    left_out: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.AnnAssign):
            parts = [node.annotation]
        elif isinstance(node, ast.FunctionDef):
            parts = [node.returns, *(a.annotation for a in (*node.args.args, *node.args.kwonlyargs))]
        elif isinstance(node, ast.Assert):
            parts = [node]
        left_out |= {id(inner) for part in parts if part is not None for inner in ast.walk(part)}
    return left_out


def _owners(tree: ast.Module) -> dict[int, str]:
    """The top-level definition that each node lies in."""
    return {id(n): top.name for top in tree.body if isinstance(top, ast.FunctionDef | ast.ClassDef) for n in ast.walk(top)}


def _faults(node: ast.AST) -> list[Change]:
    return [*_expressions(node), *_statements(node)]


class _Swap(ast.NodeTransformer):
    """Puts another node in the place of one."""

    def __init__(self, target: ast.AST, other: ast.AST) -> None:
        self.target, self.other = target, other

    def visit(self, node: ast.AST) -> ast.AST:
        return self.other if node is self.target else self.generic_visit(node)


def _words(node: ast.AST) -> str:
    """A node on one line; of a condition its head, and where it leads."""
    text = f"if {ast.unparse(node.test)}: {ast.unparse(node.body[0])[:20]}" if isinstance(node, ast.If) else ast.unparse(node)
    return " ".join(text.split())[:100]


def mutants(source: str) -> list[Mutant]:
    """Every fault, in the order of the source."""
    tree = ast.parse(source)
    left_out, owners = _skipped(tree), _owners(tree)
    found: list[Mutant] = []
    times: dict[str, int] = {}
    for position, node in enumerate(ast.walk(tree)):
        if id(node) in left_out or id(node) not in owners:
            continue
        for which in range(len(_faults(node))):
            target = copy.deepcopy(node)
            name = f"{owners[id(node)]}: {_words(node)} => {_words(_faults(target)[which](target))}"
            times[name] = times.get(name, 0) + 1
            name += f" ({times[name]})" if times[name] > 1 else ""
            found.append(Mutant(name, position, which))
    return found


def with_fault(source: str, mutant: Mutant) -> str:
    """The source with this fault in it."""
    tree = ast.parse(source)
    if mutant.position < 0:
        return source
    target = list(ast.walk(tree))[mutant.position]
    changed = _faults(target)[mutant.which](target)
    return ast.unparse(ast.fix_missing_locations(_Swap(target, changed).visit(tree)))


# ---------------------------------------------------------------- running


def _timeout(_signum: int, _frame: FrameType | None) -> None:
    raise TimeoutError


def _try(work: tuple[Mutant, Path, Path, tuple[Path, ...]]) -> tuple[str, int, float]:
    """In a process of its own: the tests' exit code with this fault in place (0: it survived)."""
    mutant, base, folder, tests = work
    began = time.monotonic()
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    shutil.copytree(base, folder)
    path = folder / "assistant" / "scoring.py"
    path.write_text(with_fault(path.read_text(encoding="utf-8"), mutant), encoding="utf-8")
    signal.signal(signal.SIGALRM, _timeout)
    signal.alarm(TIMEOUT)
    try:
        code = _run_tests(path, tests)
    except (AttributeError, NameError, TypeError, ValueError, TimeoutError):  # the faulty module cannot even be imported, or hangs
        code = 1
    signal.alarm(0)
    shutil.rmtree(folder)
    return mutant.name, code, time.monotonic() - began


def _run_tests(path: Path, tests: tuple[Path, ...]) -> int:
    import pytest
    from hypothesis import Phase, settings

    spec = importlib.util.spec_from_file_location("assistant.scoring", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["assistant.scoring"] = module
    spec.loader.exec_module(module)
    sys.modules["assistant"].scoring = module  # type: ignore[attr-defined]
    settings.register_profile("mutation", derandomize=True, database=None, phases=(Phase.explicit, Phase.generate))
    settings.load_profile("mutation")
    options = ["-x", "-q", "-p", "no:cacheprovider", "--override-ini=addopts=", "--rootdir", str(ROOT), "--tb=no"]
    # File by file: most faults need not wait until all are collected.
    return next((code for test in tests if (code := int(pytest.main([*options, str(test)])))), 0)


def _copy_package(folder: Path) -> Path:
    """The package without bytecode, with the data that it reads."""
    shutil.copytree(ROOT / "assistant", folder / "assistant", ignore=shutil.ignore_patterns("__pycache__", "*.onnx"))
    shutil.copytree(ROOT / "frameworks", folder / "frameworks")
    return folder


def _preload(base: Path) -> None:
    """Load once what no fault touches, so that each process starts with it."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.path[:0] = [str(base), str(ROOT / "tests")]
    import builders
    import hypothesis.strategies
    import pytest

    assert Path(sys.modules["assistant"].__file__ or "").is_relative_to(base)
    assert "assistant.scoring" not in sys.modules
    builders.real()
    assert hypothesis.strategies
    assert pytest


def run(chosen: list[Mutant], tests: tuple[Path, ...], jobs: int) -> dict[str, int]:
    """Exit code of the tests by name of mutant; "" is the source without a fault."""
    codes: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="mutation-") as name:
        base = _copy_package(Path(name) / "base")
        _preload(base)
        work = [(m, base, Path(name) / str(i), tests) for i, m in enumerate([Mutant(""), *chosen])]
        with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=1) as pool:
            for i, (mutant, code, seconds) in enumerate(pool.imap_unordered(_try, work, chunksize=1), start=1):
                codes[mutant] = code
                told = "no fault" if not mutant else "SURVIVED" if code == 0 else "caught" if code in (1, 2) else f"error {code}"
                print(f"{i:4}/{len(work)} {seconds:6.1f} s  {told:9} {mutant}", flush=True)
    return codes


def main() -> int:
    """Try the mutants asked for and say who survived."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true", help="only the most telling dozen, without the property tests")
    parser.add_argument("--only", default="", metavar="TEXT", help="only those whose name holds TEXT")
    parser.add_argument("--list", action="store_true", help="name them and stop")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time (default 2)")
    options = parser.parse_args()
    source = (ROOT / "assistant" / "scoring.py").read_text(encoding="utf-8")
    every = {m.name: m for m in mutants(source)}
    stale = [name for name in (*EQUIVALENT, *FAST) if name not in every]
    if stale:
        print("no such mutant any more (update EQUIVALENT and FAST):", *stale, sep="\n  ")
        return 1
    chosen = [m for m in every.values() if options.only in m.name and (not options.fast or m.name in FAST)]
    if options.list:
        print(*(m.name for m in chosen), sep="\n")
        return 0
    codes = run(chosen, TESTS[:-1] if options.fast else TESTS, options.jobs)
    if codes[""] != 0:
        print(f"the tests fail without any fault (exit code {codes['']})")
        return 1
    survivors = [name for name, code in codes.items() if name and code == 0 and name not in EQUIVALENT]
    needless = [name for name in EQUIVALENT if codes.get(name, 0) != 0]
    broken = [name for name, code in codes.items() if code not in (0, 1, 2)]
    explained = sum(name in EQUIVALENT for name in codes) - len(needless)
    print(f"{len(chosen)} mutants, {len(chosen) - len(survivors) - explained} caught, {explained} equivalent, {len(survivors)} survived")
    for title, names in (("survived", survivors), ("caught although listed as equivalent", needless), ("error", broken)):
        print(*(f"{title}: {name}" for name in names), sep="\n", end="\n" if names else "")
    return 1 if survivors or needless or broken else 0


if __name__ == "__main__":
    sys.exit(main())
