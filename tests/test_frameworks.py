"""Framework files: to the letter of their sources, checked, and readable from YAML and sheets."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from assistant.errors import FrameworkError
from assistant.frameworks import (
    DEFAULT,
    list_benchmarks,
    list_frameworks,
    load_benchmark,
    load_benchmarks,
    load_framework,
    probe_faults,
    validate,
)
from assistant.models import Benchmark, Framework, PracticeRule

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT.parent / "shared" / "sources"
SHIPPED = ("john-2025", "google-mlops", "john-2025-original", "microsoft-mlops", "plain-concepts-mlops")

# ---------------------------------------------------------------- the paper's tables


@pytest.fixture(scope="module")
def paper() -> str:
    path = SOURCES / "john-2025-mlops-adoption.txt"
    if not path.is_file():
        pytest.skip(f"the source is not here: {path}")
    return path.read_text(encoding="utf-8")


def _table(paper: str, number: int) -> list[list[str]]:
    """Rows of a table, split at tabs: the block of lines with tabs after its caption."""
    lines = paper.splitlines()
    starts = [i for i, line in enumerate(lines) if re.fullmatch(rf"(\*\*)?Table {number}(\*\*)?\s*", line)]
    assert len(starts) == 1, f"Table {number} comes {len(starts)} times"
    rows: list[list[str]] = []
    for line in lines[starts[0] + 1 :]:
        if "\t" in line:
            rows.append([cell.strip() for cell in line.split("\t")])
        elif rows:
            break
    return rows


def _matrix(paper: str, number: int) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Stage names and (dimension, cells) by row of Table 7 or 9."""
    rows = _table(paper, number)
    assert rows[0][:2] == ["Dimensions", "Stages"]
    stages, body, dimension = rows[1][1:], [], ""
    for row in rows[2:]:
        dimension = row[0] or dimension
        body.append((dimension, row[1:]))
    return stages, body


@pytest.mark.parametrize(("number", "name", "count"), [(7, "john-2025-original", 18), (9, "john-2025", 17)])
def test_every_cell_equals_the_paper(paper: str, number: int, name: str, count: int) -> None:
    stages, rows = _matrix(paper, number)
    framework = load_framework(name)
    assert len(rows) == count
    assert all(len(cells) == 5 and all(cells) for _, cells in rows)
    assert [s.name for s in framework.stages] == stages
    got = [(d.name, [e.cell(s) for s in range(1, 6)]) for d in framework.dimensions for e in d.elements]
    assert got == rows


def test_practices_equal_table_5(paper: str) -> None:
    rows = _table(paper, 5)
    assert rows[0] == ["Codes", "Description"]
    assert len(rows) == 1 + 18
    for name in ("john-2025", "john-2025-original"):
        assert [[p.code, p.description] for p in load_framework(name).practices] == rows[1:]


def test_benchmark_and_dimensions_of_codes_equal_table_6(paper: str) -> None:
    rows = _table(paper, 6)
    companies = rows[1][2:]
    assert companies == list("ABCDEFG")
    assert len(rows) == 2 + 18
    benchmark, framework = load_benchmark("john-2025-companies"), load_framework()
    names = {d.id: d.name for d in framework.dimensions}
    dimension_of = {p.code: names[p.dimension] for p in framework.practices}
    assert [c.company for c in benchmark.companies] == companies
    dimension, compared = "", 0
    for row in rows[2:]:
        dimension = row[0] or dimension
        assert dimension_of[row[1]] == dimension
        assert len(row) == 9
        for company, mark in zip(companies, row[2:], strict=True):
            assert mark in ("✓", "X")
            assert benchmark.company(company).practices[row[1]] is (mark == "✓"), f"{company} {row[1]}"
            compared += 1
    assert compared == 7 * 18


def test_benchmark_people_equal_table_2(paper: str) -> None:
    company, domain, found = "", "", []
    for row in _table(paper, 2)[2:]:
        company, domain = row[0] or company, row[1] or domain
        year, month, day = map(int, row[4].split("/"))
        found.append((company, domain, row[2], row[3], f"{year}-{month:02}-{day:02}"))
    assert len(found) == 9
    benchmark = load_benchmark("john-2025-companies")
    assert [(c.company, c.domain, p.id, p.role, p.date) for c in benchmark.companies for p in c.practitioners] == found


# Section 5.3, sentence by sentence: company, what the text says, desired stage, actual stage.
STATED = [
    (
        "A",
        "the desired stage of the use case, “schedule telephone calls”, is Kaizen, but in practice, it falls under the DataOps stage",
        5,
        2,
    ),
    (
        "C",
        "stage for the use case “classify pathology images” is “Kaizen MLOps”, whereas, in practice, it is in the DataOps stage",
        5,
        2,
    ),
    ("D", "use case “concludes medical images” is Kaizen. Still, in practice, it is in the “Manual MLOps stage”", 5, 3),
    ("E", "“speech to text app” is “Automated MLOps”, whereas, in practice, the use case is in the “Manual MLOps” stage", 4, 3),
    ("G", "“Monitors device health and send alerts” is “Automated MLOps”. However, in practice, it is under the “DataOps” stage", 4, 2),
    ("B", "“sustainable banking” and “game levels tested by ML bots”, almost align with MLOps Taxonomy", None, None),
    ("F", "“sustainable banking” and “game levels tested by ML bots”, almost align with MLOps Taxonomy", None, None),
]


@pytest.mark.parametrize(("company", "sentence", "desired", "actual"), STATED)
def test_stated_stages_are_those_of_section_5_3(paper: str, company: str, sentence: str, desired: int | None, actual: int | None) -> None:
    assert sentence in paper
    entry = load_benchmark("john-2025-companies").company(company)
    assert entry.use_case_label in sentence
    assert (entry.desired_stage, entry.actual_stage) == (desired, actual)
    assert ("almost align" in entry.stage_note) is (actual is None)
    assert bool(entry.reasons) is (actual is not None)


def test_discrepancies_quote_the_paper_and_contradict_the_table(paper: str) -> None:
    benchmark = load_benchmark("john-2025-companies")
    flat = " ".join(paper.split())
    found = set()
    for entry in benchmark.discrepancies:
        assert entry.quote in flat
        for company in entry.companies:
            for code in entry.codes:
                if entry.kind == "contradiction":
                    assert entry.text_says is (not benchmark.company(company).practices[code])
                    found.add((company, code))
                else:
                    assert entry.text_says is None
    assert found == {("F", "M4"), ("C", "M4"), ("G", "D6"), ("E", "D2"), ("F", "DY1"), ("F", "OI1")}
    assert [d.place for d in benchmark.concerning("E", "D2")] == ["section 5.3, speech to text app"]
    assert benchmark.concerning("B", "D1") == ()


# Sentences of section 5.1 on single codes: the text, the code, the companies that have the practice by the text.
CLAIMS = [
    ("all companies (A - G) follow standard processes for data management", "D1", "ABCDEFG"),
    ("adhere to data quality checks or validation and mechanisms for handling sensitive data", "D3", "ABCDEFG"),
    ("adhere to data quality checks or validation and mechanisms for handling sensitive data", "D4", "ABCDEFG"),
    ("Most companies (A, B, D, E and G) version their data", "D2", "ABDEG"),
    ("only a few utilise feature stores (except companies C, D and E)", "D6", "ABFG"),
    ("The majority of companies (A, B, E and F) have standard processes for model development", "M1", "ABEF"),
    ("All companies, except company A, support code versioning", "M2", "BCDEFG"),
    ("companies except A and F support model metadata management", "M4", "BCDEG"),
    ("Only companies E and F have provisions for reproducible experimentation setup", "M3", "EF"),
    ("only company B has implemented automated deployments", "DY1", "B"),
    ("Companies B, D, F, and G having a CI/CD pipeline set up", "DY2", "BDFG"),
    ("all companies except A, C, and G have flexible deployment options", "DY3", "BDEF"),
    ("only company B has automated processes for monitoring and retraining", "OI1", "B"),
    ("a few companies (B, E and F) have performance alerting mechanisms", "OI2", "BEF"),
    ("Companies other than D and G have the necessary infrastructure or tools", "OI3", "ABCEF"),
    ("companies A, C and G need more well-defined roles", "OG1", "BDEF"),
    ("company A needs better communication with stakeholders and the team", "OG2", "BCDEFG"),
]


def test_section_5_1_differs_from_table_6_where_the_benchmark_says_so_and_nowhere_else(paper: str) -> None:
    benchmark = load_benchmark("john-2025-companies")
    assert {code for _, code, _ in CLAIMS} == {p.code for p in load_framework().practices} - {"D5"}
    differs = set()
    for sentence, code, having in CLAIMS:
        assert sentence in paper
        differs |= {(c.company, code) for c in benchmark.companies if c.practices[code] is not (c.company in having)}
    noted = {(c, code) for d in benchmark.discrepancies if d.place.startswith("section 5.1") for c in d.companies for code in d.codes}
    assert differs == noted == {("C", "M4"), ("F", "M4"), ("G", "D6")}


# ---------------------------------------------------------------- the shipped frameworks

CODES = {
    "data.management": ("D1", "D3"),
    "data.governance": ("D4", "D5"),
    "data.versioning": ("D2",),
    "data.feature_store": ("D6",),
    "model.development": ("M1",),
    "model.code_versioning": ("M2",),
    "model.metadata": ("M4",),
    "model.reproducibility": ("M3",),
    "deployment.process": ("DY1", "DY3"),
    "deployment.frequency": (),
    "deployment.cicd": ("DY2",),
    "operations.monitoring": ("OI1", "OI2"),
    "operations.retraining_frequency": (),
    "operations.infrastructure": ("OI3",),
    "organisation.roles": ("OG1",),
    "organisation.stakeholder_communication": ("OG2",),
    "organisation.team_communication": ("OG2",),
}
"""Element ids and codes of the codebook."""


def test_the_shipped_frameworks_are_these_and_valid() -> None:
    assert list_frameworks() == SHIPPED
    assert SHIPPED[0] == DEFAULT
    for name in SHIPPED:
        assert validate(name) == []
        framework = load_framework(name)
        assert framework.id == name
        assert framework.citation
        assert framework.url.startswith("https://")
        assert framework.licence


def test_elements_and_codes_are_those_of_the_codebook() -> None:
    framework = load_framework()
    assert {e.id: e.codes for e in framework.elements} == CODES
    assert [d.id for d in framework.dimensions] == ["data", "model", "deployment", "operations", "organisation"]
    assert all(e.id.startswith(f"{d.id}.") for d in framework.dimensions for e in d.elements)
    original = load_framework("john-2025-original")
    added = {"operations.retraining": ("OI1",)}
    assert {e.id: e.codes for e in original.elements} == CODES | added


@pytest.mark.parametrize(
    ("name", "total", "split"),
    [("john-2025", 73, {3: 4, 4: 4, 5: 9}), ("john-2025-original", 77, {3: 4, 4: 5, 5: 9})],
)
def test_equal_neighbours_are_one_statement(name: str, total: int, split: dict[int, int]) -> None:
    framework = load_framework(name)
    sizes = [len(e.statements) for e in framework.elements]
    assert sum(sizes) == total
    assert {n: sizes.count(n) for n in set(sizes)} == split
    for element in framework.elements:
        covered = [stage for s in element.statements for stage in range(s.stage_low, s.stage_high + 1)]
        assert covered == [1, 2, 3, 4, 5]
        assert all(s.id == f"{element.id}#{s.stage_low}-{s.stage_high}" for s in element.statements)
        assert all(a.text != b.text for a, b in pairwise(element.statements))


def test_runs_of_the_rows_that_matter() -> None:
    framework = load_framework()
    assert framework.element("model.metadata").cell(2) == "Ad hoc model metadata management"
    with pytest.raises(KeyError):
        framework.element("model.metadata").cell(6)
    assert [s.id for s in framework.element("data.versioning").statements] == [
        "data.versioning#1-1",
        "data.versioning#2-4",
        "data.versioning#5-5",
    ]
    assert framework.element("model.metadata").statements[0].id == "model.metadata#1-2"
    assert len(framework.element("organisation.roles").statements) == 5


def test_a_spelling_variant_is_one_statement_that_keeps_both_spellings() -> None:
    for name in ("john-2025", "john-2025-original"):
        first = load_framework(name).element("deployment.process").statements[0]
        assert (first.stage_low, first.stage_high) == (1, 2)
        assert first.spellings == ("Adhoc processes for model deployment", "Ad hoc processes for model deployment")
    others = [s for e in load_framework().elements for s in e.statements if s.spellings]
    assert len(others) == 1


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _shared_run(text: str, cells: set[tuple[str, ...]], length: int) -> bool:
    words = _words(text)
    return any(tuple(words[i : i + length]) in cells for i in range(len(words) - length + 1))


def test_retrieval_material_is_rich_and_our_own() -> None:
    framework = load_framework()
    cells = {
        tuple(words[i : i + 4])
        for e in framework.elements
        for s in e.statements
        for words in [_words(s.text)]
        for i in range(len(words) - 3)
    }
    everything: list[str] = []
    for element in framework.elements:
        assert len(element.examples) >= 12
        assert all(len(s.examples) >= 3 for s in element.statements), element.id
        assert set(element.examples) == {x for s in element.statements for x in s.examples}
        assert len(element.synonyms) >= 8
        assert len(element.tools) >= 7
        assert len(element.description) >= 80
        assert not [x for x in (*element.examples, element.description) if _shared_run(x, cells, 4)], element.id
        everything += element.examples
    assert len(everything) == len(set(everything)) >= 17 * 12


OPEN = {"what", "how", "who", "whom", "whose", "where", "when", "which", "tell"}
CLOSED = {"do", "does", "did", "is", "are", "was", "were", "have", "has", "can", "could", "would", "should", "will", "don't", "isn't"}


@pytest.mark.parametrize("name", SHIPPED)
def test_probes_are_open_short_single_questions_of_every_type(name: str) -> None:
    framework = load_framework(name)
    least = {"john-2025": 6, "john-2025-original": 6}.get(name, 4)
    names = [n for s in framework.stages for n in (s.name, s.short)]
    for element in framework.elements:
        assert len(element.probes) >= least, element.id
        assert {p.type for p in element.probes} == {"descriptive", "idiographic", "clarifying", "explanatory"}
        assert element.probes[0].type == "descriptive"
        assert len({p.text for p in element.probes}) == len(element.probes)
        for probe in element.probes:
            words = _words(probe.text)
            assert probe_faults(probe.text, names) == []
            assert words[0] not in CLOSED, probe.text
            assert OPEN & set(words), probe.text
            double = re.search(r"\b(and|or) (what|how|who|why|when|where|which)\b", probe.text.replace("Who or what", "Who"))
            assert double is None, probe.text
            assert probe.text.endswith("?") or words[0] == "tell"
    if name == "john-2025":
        frequent = {"deployment.frequency", "operations.retraining_frequency"}
        assert all({"automation", "agreement"} & {p.seeks for p in e.probes} for e in framework.elements)
        assert all("frequency" in {p.seeks for p in framework.element(i).probes} for i in frequent)


def test_policies_of_the_paper_framework() -> None:
    framework = load_framework()
    assert [(p.id, p.version, p.kind) for p in framework.policies] == [
        ("majority", 1, "majority"),
        ("weakest-link", 1, "minimum"),
        ("iso33020", 1, "nplf"),
    ]
    majority = framework.policy("majority")
    assert majority.threshold == 0.5
    assert [(p.from_stage, p.elements) for p in majority.prerequisites] == [(4, ("deployment.process", "operations.monitoring"))]
    assert not framework.policy("weakest-link").prerequisites
    assert framework.min_coverage == 0.6
    (prerequisite,) = load_framework("john-2025-original").policy("majority").prerequisites
    assert prerequisite.elements == ("deployment.process", "operations.monitoring", "operations.retraining")


@pytest.mark.parametrize(
    ("name", "stages", "dimensions", "elements"),
    [("google-mlops", 3, 4, 12), ("microsoft-mlops", 5, 4, 13), ("plain-concepts-mlops", 4, 4, 5)],
)
def test_other_models_need_no_practices(name: str, stages: int, dimensions: int, elements: int) -> None:
    framework = load_framework(name)
    assert (len(framework.stages), len(framework.dimensions), len(framework.elements)) == (stages, dimensions, elements)
    assert framework.practices == ()
    assert framework.practice_rule is None
    assert all(e.statement_at(stages).stage_high == stages for e in framework.elements)


@pytest.mark.parametrize(
    ("name", "file", "pattern", "stages"),
    [
        ("google-mlops", "google-mlops-levels.md", r"^## (MLOps level \d: .+)$", 3),
        ("microsoft-mlops", "microsoft-mlops-maturity-model.md", r"^## (Level \d: .+)$", 5),
        ("plain-concepts-mlops", "plain-concepts-mlops-maturity-guide.txt", r"^(Level \d: .+)$", 4),
    ],
)
def test_stage_names_of_other_models_equal_their_source(name: str, file: str, pattern: str, stages: int) -> None:
    path = SOURCES / file
    if not path.is_file():
        pytest.skip(f"the source is not here: {path}")
    found = re.findall(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(found) == stages
    assert [s.name for s in load_framework(name).stages] == found


# ---------------------------------------------------------------- the rule over practice codes


def _stage_by_rule(rule: PracticeRule, framework: Framework, present: dict[str, bool]) -> int:
    """An independent reading of the rule's data, for companies whose codes are all known."""
    in_place = set()
    for dimension in framework.dimensions:
        codes = [p.code for p in framework.practices if p.dimension == dimension.id]
        if sum(present[c] for c in codes) > rule.threshold * len(codes):
            in_place.add(dimension.id)
    return max(
        step.stage
        for step in rule.steps
        if set(step.require_dimensions) <= in_place and len(in_place) >= step.min_dimensions and all(present[c] for c in step.require_codes)
    )


def test_practice_rule_data_gives_the_stated_stages() -> None:
    framework, benchmark = load_framework(), load_benchmark("john-2025-companies")
    rule = framework.practice_rule
    assert rule is not None
    got = {c.company: _stage_by_rule(rule, framework, c.practices) for c in benchmark.companies}
    assert got == {"A": 2, "B": 4, "C": 2, "D": 3, "E": 3, "F": 3, "G": 2}
    assert {c.company: c.actual_stage for c in benchmark.companies if c.actual_stage} == {k: got[k] for k in "ACDEG"}
    assert _stage_by_rule(rule, framework, dict.fromkeys(benchmark.company("A").practices, False)) == 1
    assert _stage_by_rule(rule, framework, dict.fromkeys(benchmark.company("A").practices, True)) == 4
    for words in ("Consistent with", "not the paper's rule", "cannot evidence"):
        assert words in rule.note


# ---------------------------------------------------------------- benchmarks


def test_benchmarks_are_found_by_framework() -> None:
    assert list_benchmarks() == ("john-2025-companies",)
    assert [b.id for b in load_benchmarks("john-2025")] == ["john-2025-companies"]
    assert load_benchmarks("google-mlops") == ()
    assert load_benchmarks() == load_benchmarks("john-2025")
    with pytest.raises(KeyError):
        load_benchmark("john-2025-companies").company("Z")
    with pytest.raises(FrameworkError, match="there is no benchmark 'jon'"):
        load_benchmark("jon")


def _write(tmp_path: Path, text: str, name: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def _benchmark_text() -> str:
    return (ROOT / "frameworks" / "benchmarks" / "john-2025-companies.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "message", "place"),
    [
        ("D1: true", "D9: true", "there is no practice code 'D9'", "companies[0].practices.D9"),
        ("D1: true, ", "", "no value for D1", "companies[0].practices"),
        ("actual_stage: 2", "actual_stage: 6", "there is no stage 6", "companies[0].actual_stage"),
        ("desired_stage: 5", "desired_stag: 5", "unknown key 'desired_stag'", "companies[0].desired_stag"),
        ("companies: [F]\n", "companies: [Z]\n", "there is no company 'Z'", "discrepancies[0].companies"),
        ("codes: [M4]", "codes: [M9]", "there is no practice code 'M9'", "discrepancies[0].codes"),
        ("text_says: false", "text_says: true", "no contradiction", "discrepancies[0].text_says"),
        ("framework: john-2025", "framework: john-2026", "there is no framework 'john-2026'", ""),
        ("id: john-2025-companies", "id: a\nid: john-2025-companies", "the key 'id' is given twice", "id"),
    ],
)
def test_benchmark_faults(tmp_path: Path, old: str, new: str, message: str, place: str) -> None:
    text = _benchmark_text()
    assert old in text
    load_benchmark(_write(tmp_path, text, "ok.yaml"))
    with pytest.raises(FrameworkError) as caught:
        load_benchmark(_write(tmp_path, text.replace(old, new, 1), "broken.yaml"))
    assert message in str(caught.value)
    assert place in caught.value.place


def test_benchmark_is_frozen() -> None:
    benchmark = load_benchmark("john-2025-companies")
    assert isinstance(benchmark, Benchmark)
    with pytest.raises(ValueError, match="frozen"):
        benchmark.id = "x"  # type: ignore[misc]
