"""Published practice profiles of companies (``frameworks/benchmarks/*.yaml``), checked against their framework."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from assistant.errors import FrameworkError
from assistant.frameworks.document import Problem, parse_yaml, read_bytes
from assistant.frameworks.library import YAML_SUFFIXES, load_framework
from assistant.frameworks.schema import read_structure, suggestion
from assistant.models import Benchmark, Framework
from assistant.resources import resource_dir


def list_benchmarks() -> tuple[str, ...]:
    """Ids of the benchmarks that ship, by name."""
    return tuple(sorted(path.stem for path in (resource_dir("frameworks") / "benchmarks").glob("*.yaml")))


def load_benchmarks(framework: str | None = None) -> tuple[Benchmark, ...]:
    """All benchmarks that ship, or those of one framework (by id). Raises FrameworkError for one that is not valid."""
    found = (load_benchmark(name) for name in list_benchmarks())
    return tuple(b for b in found if framework is None or b.framework == framework)


def load_benchmark(id_or_path: str | Path) -> Benchmark:
    """The benchmark with this id, or in this YAML file. Raises FrameworkError, like ``load_framework``."""
    path = Path(id_or_path)
    if path.suffix.lower() not in YAML_SUFFIXES:
        known = list_benchmarks()
        if str(id_or_path) not in known:
            raise FrameworkError(
                f"there is no benchmark '{id_or_path}'", remedy=f"{suggestion(id_or_path, known)}Known: {', '.join(known)}"
            )
        path = resource_dir("frameworks") / "benchmarks" / f"{id_or_path}.yaml"
    return _load(read_bytes(path), path.name)


@lru_cache(maxsize=8)
def _load(raw: bytes, source: str) -> Benchmark:
    document, problems = parse_yaml(raw, source)
    benchmark, broken = read_structure(Benchmark, document.data)
    problems = [*problems, *broken]
    if benchmark is not None and not problems:
        problems = list(_check(benchmark, load_framework(benchmark.framework)))
        if not problems:
            return benchmark
    raise document.errors(problems)[0]


def _check(benchmark: Benchmark, framework: Framework) -> Iterator[Problem]:
    """Codes and stages of the framework, each code exactly once; discrepancies that lead somewhere and really are some."""
    codes = [practice.code for practice in framework.practices]
    stages = {stage.number for stage in framework.stages}
    for i, company in enumerate(benchmark.companies):
        path = ("companies", i)
        for code in company.practices.keys() - set(codes):
            remedy = f"{suggestion(code, codes)}Known: {', '.join(codes)}"
            yield Problem((*path, "practices", code), f"there is no practice code '{code}'", remedy)
        missing = [code for code in codes if code not in company.practices]
        if missing:
            yield Problem((*path, "practices"), f"no value for {', '.join(missing)}", "give true or false for every code")
        for key, stage in (("actual_stage", company.actual_stage), ("desired_stage", company.desired_stage)):
            if stage is not None and stage not in stages:
                yield Problem((*path, key), f"there is no stage {stage}", f"use 1 to {len(stages)}, or null where the source states none")
    yield from _check_discrepancies(benchmark)


def _check_discrepancies(benchmark: Benchmark) -> Iterator[Problem]:
    names = [company.company for company in benchmark.companies]
    for i, entry in enumerate(benchmark.discrepancies):
        path = ("discrepancies", i)
        for name in entry.companies:
            if name not in names:
                yield Problem((*path, "companies"), f"there is no company '{name}'", f"Known: {', '.join(names)}")
                continue
            table = benchmark.company(name).practices
            for code in entry.codes:
                if code not in table:
                    yield Problem((*path, "codes"), f"there is no practice code '{code}'", f"Known: {', '.join(table)}")
                elif entry.kind == "contradiction" and entry.text_says in (None, table[code]):
                    yield Problem(
                        (*path, "text_says"),
                        f"no contradiction: the table says the same of {code} at {name}",
                        "correct text_says, or call it a tension",
                    )
