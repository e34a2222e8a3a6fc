"""Reading framework files: every fault of YAML and sheets, statements from cells, round trips."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from assistant.errors import FrameworkError
from assistant.frameworks import list_frameworks, load_framework, read_sheet, to_yaml, validate
from assistant.frameworks.build import runs, same_text
from assistant.frameworks.document import MAX_BYTES, parse_yaml
from assistant.models import Framework

ROOT = Path(__file__).resolve().parents[1]

# ---------------------------------------------------------------- a small framework to break

SMALL = """\
id: small
version: 1.0.0
title: Small
citation: Us, 2026.
stages:
  - {number: 1, name: Low, short: L}
  - {number: 2, name: Medium well}
  - {number: 3, name: High}
dimensions:
  - id: data
    name: Data
    elements:
      - id: data.quality
        name: Quality
        description: How good data is.
        cells: [none, some, all]
        codes: [Q1]
        examples: [It is fine., We look at it.]
        examples_by_stage:
          2: [Some of it is checked.]
        probes:
          - {id: how, type: descriptive, text: "How do you check data?"}
          - {id: who, type: clarifying, seeks: owner, text: "Who checks it?"}
  - id: ops
    name: Operations
    elements:
      - id: ops.watch
        name: Watching
        description: How models are watched.
        cells: [nobody, nobody, somebody]
practices:
  - {code: Q1, dimension: data, description: Checks data}
  - {code: W1, dimension: ops, description: Watches models}
policies:
  - id: majority
    version: 1
    kind: majority
    prerequisites:
      - {from_stage: 3, elements: [ops.watch]}
practice_rule:
  id: steps
  version: 1
  threshold: 0.5
  steps:
    - {stage: 1}
    - {stage: 2, require_dimensions: [data], min_dimensions: 1, require_codes: [Q1]}
"""

FAULTS = [
    # (what is replaced, by what, words of the message, line, words of the place, words of the remedy)
    ("title: Small", "titel: Small", "unknown key 'titel'", 3, "titel", "did you mean 'title'?"),
    ("title: Small\n", "", "the key 'title' is missing", 1, "line 1", "add 'title:'"),
    ("seeks: owner", "seek: owner", "unknown key 'seek'", 23, "probes[1].seek", "did you mean 'seeks'?"),
    ("        codes: [Q1]", "        code: [Q1]", "unknown key 'code'", 17, "elements[0].code", "did you mean 'codes'?"),
    (
        "min_dimensions: 1",
        "min_dimension: 1",
        "unknown key 'min_dimension'",
        46,
        "steps[1].min_dimension",
        "did you mean 'min_dimensions'?",
    ),
    ("title: Small", "title: Small\ntitle: Other", "the key 'title' is given twice, first on line 3", 4, "title", "keep one"),
    ("cells: [none, some, all]", "cells: [none, some]", "2 cells for 3 stages", 16, "dimensions[0].elements[0].cells", "one text a stage"),
    ("cells: [none, some, all]", "cells: [none, some, all, more]", "4 cells for 3 stages", 16, "cells", "one text a stage"),
    ("cells: [none, some, all]", "cells: none", "'cells' must be a list, not 'none'", 16, "cells", "[one, two]"),
    ("cells: [none, some, all]", "cells: [none, '  ', all]", "entry 2 is empty", 16, "cells[1]", "give it a text"),
    ("cells: [none, some, all]", "cells: [none, 3, all]", "must be text, not '3'", 16, "cells[1]", "in quotes where"),
    ("cells: [none, some, all]", "cells: [none, no, all]", "must be text, not false", 16, "cells[1]", "in quotes where"),
    ("name: Quality", 'name: "a\\x07b"', "control character U+0007", 14, "name", "remove that character"),
    ("codes: [Q1]\n", "codes: [Q2]\n", "there is no practice code 'Q2'", 17, "codes[0]", "Known: Q1, W1"),
    ("require_codes: [Q1]", "require_codes: [X9]", "there is no practice code 'X9'", 46, "require_codes[0]", "Known: Q1, W1"),
    (
        "elements: [ops.watch]",
        "elements: [ops.wach]",
        "there is no element 'ops.wach'",
        39,
        "prerequisites[0].elements[0]",
        "did you mean 'ops.watch'?",
    ),
    ("from_stage: 3", "from_stage: 4", "there is no stage 4", 39, "from_stage", "use 1 to 3"),
    ("kind: majority", "kind: majorty", "'majorty' is not allowed for 'kind'", 37, "kind", "did you mean 'majority'?"),
    (
        "id: majority\n    version: 1",
        "id: majority\n    version: one",
        "'version' must be a whole number, not 'one'",
        36,
        "version",
        "without quotes",
    ),
    ("id: majority\n    version: 1", "id: majority\n    version: 0", "greater than or equal to 1", 36, "version", ""),
    ("version: 1.0.0", "version: 1.0", "'version' must be text, not '1.0'", 2, "version", "in quotes where"),
    ("version: 1.0.0", "version: 2026-01-01", "'version' must be text", 2, "version", "in quotes where"),
    ("id: small", "id: Small One", "'Small One' is not an id", 1, "id", "lower-case"),
    ("id: ops.watch", "id: data.quality", "the element id 'data.quality' is used twice", 27, "elements[0].id", "its own"),
    ("id: ops\n", "id: data\n", "the dimension id 'data' is used twice", 24, "dimensions[1].id", "its own"),
    ("{code: W1,", "{code: Q1,", "the practice code 'Q1' is used twice", 33, "practices[1].code", "its own"),
    ("dimension: ops,", "dimension: opps,", "there is no dimension 'opps'", 33, "practices[1].dimension", "did you mean 'ops'?"),
    (
        "require_dimensions: [data]",
        "require_dimensions: [dat]",
        "there is no dimension 'dat'",
        46,
        "require_dimensions[0]",
        "did you mean 'data'?",
    ),
    ("min_dimensions: 1", "min_dimensions: 3", "3 dimensions are asked for, but there are 2", 46, "min_dimensions", "at most 2"),
    ("{stage: 2, req", "{stage: 7, req", "there is no stage 7", 46, "steps[1].stage", "use 1 to 3"),
    ("{stage: 2, req", "{stage: 1, req", "the step for stage 1 follows that for stage 1", 46, "steps[1]", "order the steps"),
    ("    - {stage: 1}", "    - {stage: 1, min_dimensions: 1}", "the first step has conditions", 45, "steps[0]", "without any"),
    ("number: 2", "number: 4", "stage number 4 where 2 is due", 7, "stages[1].number", "from the lowest up"),
    ("name: High", "name: Low", "the stage name 'Low' is used twice", 8, "stages[2].name", "its own"),
    (
        'text: "How do you check data?"',
        'text: "Is your data already medium-well?"',
        "names the stage 'Medium well'",
        22,
        "probes[0].text",
        "gives no stage away",
    ),
    ('text: "How do you check data?"', 'text: "Would you say L?"', "names the stage 'L'", 22, "text", "gives no stage away"),
    ('text: "How do you check data?"', 'text: "What keeps you from level 3?"', "numbered stage", 22, "text", "gives no stage away"),
    (
        'text: "How do you check data?"',
        'text: "How do you check it? Who does?"',
        "more than one question",
        22,
        "text",
        "one short open question",
    ),
    ('text: "How do you check data?"', "text: " + "word " * 31, "has 31 words", 22, "text", "one short open question"),
    ("{id: who,", "{id: how,", "the probe id 'how' is used twice", 23, "probes[1].id", "its own"),
    ("type: clarifying", "type: clarify", "'clarify' is not allowed for 'type'", 23, "type", "did you mean 'clarifying'?"),
    ("2: [Some of it", "5: [Some of it", "there is no stage 5", 20, "examples_by_stage", "use 1 to 3"),
    ("2: [Some of it", "two: [Some of it", "must be a whole number", 20, "examples_by_stage", ""),
    (
        "2: [Some of it is checked.]",
        "2: [It is fine.]",
        "the example 'It is fine.' is used twice",
        20,
        "examples_by_stage[2][0]",
        "its own",
    ),
    ("  - {number: 2, name: Medium well}\n  - {number: 3, name: High}\n", "", "'stages'", 5, "stages", ""),
    (
        "    prerequisites:\n",
        "    prerequisite:\n",
        "unknown key 'prerequisite'",
        38,
        "policies[0].prerequisite",
        "did you mean 'prerequisites'?",
    ),
]


def _write(tmp_path: Path, text: str, name: str = "small.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_small_framework_is_valid(tmp_path: Path) -> None:
    path = _write(tmp_path, SMALL)
    assert validate(path) == []
    framework = load_framework(str(path))
    assert framework.element("data.quality").examples == ("It is fine.", "We look at it.", "Some of it is checked.")
    assert framework.element("data.quality").statement_at(2).examples == ("Some of it is checked.",)
    assert [s.id for s in framework.element("ops.watch").statements] == ["ops.watch#1-2", "ops.watch#3-3"]
    assert framework.min_coverage == 0.6


@pytest.mark.parametrize(("old", "new", "message", "line", "key", "remedy"), FAULTS, ids=[f[2][:40] for f in FAULTS])
def test_each_fault_is_reported_with_file_line_key_and_remedy(
    tmp_path: Path, old: str, new: str, message: str, line: int, key: str, remedy: str
) -> None:
    assert SMALL.count(old) == 1
    path = _write(tmp_path, SMALL.replace(old, new))
    errors = validate(path)
    matching = [e for e in errors if message in e.detail]
    assert len(matching) == 1, [str(e) for e in errors]
    (error,) = matching
    assert error.source == "small.yaml"
    assert error.place.startswith(f"line {line},") or error.place == f"line {line}"
    assert key in error.place
    assert remedy in error.remedy
    assert error.remedy
    with pytest.raises(FrameworkError) as caught:
        load_framework(path)
    assert errors[0].detail in caught.value.detail


def test_all_faults_are_reported_at_once_in_file_order(tmp_path: Path) -> None:
    broken = SMALL
    for old, new in [
        ("title: Small", "titel: Small"),
        ("cells: [none, some, all]", "cells: [none]"),
        ("codes: [Q1]\n", "codes: [Q2]\n"),
        ("elements: [ops.watch]", "elements: [nobody]"),
        ("citation: Us, 2026.", "citation: Us, 2026.\ncitation: Them"),
    ]:
        broken = broken.replace(old, new)
    path = _write(tmp_path, broken)
    errors = validate(path)
    lines = [int(re.match(r"line (\d+)", e.place).group(1)) for e in errors]  # type: ignore[union-attr]
    assert lines == sorted(lines)
    assert len(errors) == 5  # the misspelt title is not reported as missing too
    with pytest.raises(FrameworkError, match=r"and 4 more problems in this file"):
        load_framework(path)


REFUSED: list[tuple[bytes, str, str]] = [
    (b"", "holds no keys", ""),
    (b"- a\n- b\n", "holds no keys", ""),
    (b"id: a\n---\nid: b\n", "second YAML document", "line 2"),
    (b"id: [a\n", "not valid YAML", "line 2"),
    (b"id: a\n\tversion: 1\n", "not valid YAML", "line 2"),
    (b"id: &x a\ntitle: *x\n", "alias '*x' is not allowed", "line 2"),
    (b"id: a\ntitle: !!python/object/apply:os.system ['true']\n", "second", ""),
    (b"id: a\ntitle: !!python/name:os.system x\n", "'x' (python/name:os.system) cannot be read as a plain value", "line 2"),
    (b"id: a\nversion: 2026-13-45\n", "'2026-13-45' (timestamp) cannot be read as a plain value", "line 2"),
    (b"id: a\n? [x]\n: y\n", "a key must be a word or a whole number, not a list or mapping", "line 2"),
    (b"id: a\nyes: b\n", "a key must be a word or a whole number, not 'yes' (bool)", "line 2"),
    (b"id: " + b"[" * 21 + b"]" * 21, "nested more than 20 deep", "line 1"),
    (b"id: " + b"[" * 100_000, "nested more than 20 deep", "line 1"),
    (b"id: a\ntitle: \xff\n", "byte 13 is not UTF-8", ""),
    (b"id: a\x00\n", "not valid YAML", ""),
    (b"#" * (MAX_BYTES + 1), "more than the", ""),
]


@pytest.mark.parametrize(("raw", "message", "place"), REFUSED)
def test_what_is_no_plain_yaml_mapping_is_refused(tmp_path: Path, raw: bytes, message: str, place: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(raw)
    errors = validate(path)
    if b"!!python/object/apply" in raw:  # a tag on a list: the list is read as a list, and nothing is ever called
        assert any("'title' must be text, not a list of 1" in e.detail for e in errors)
        return
    assert len(errors) == 1
    assert message in errors[0].detail
    assert place in errors[0].place
    assert errors[0].source == "bad.yaml"
    assert errors[0].remedy
    with pytest.raises(FrameworkError):
        load_framework(path)


def test_the_error_of_loading_counts_the_others(tmp_path: Path) -> None:
    one = SMALL.replace("codes: [Q1]\n", "codes: [Q2]\n")
    with pytest.raises(FrameworkError) as caught:
        load_framework(_write(tmp_path, one))
    assert caught.value.detail == "there is no practice code 'Q2'"
    with pytest.raises(FrameworkError) as caught:
        load_framework(_write(tmp_path, one.replace("from_stage: 3", "from_stage: 9")))
    assert caught.value.detail == "there is no practice code 'Q2' (and 1 more problem in this file)"
    assert caught.value.place == "line 17, key dimensions[0].elements[0].codes[0]"


def _paths(data: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [at, *(path for key, value in inner for path in _paths(value, (*at, key)))]


@settings(max_examples=200, deadline=None)
@given(data=st.data(), value=st.sampled_from([None, 3, -1, 0.5, True, "x", [], {}, [1], ["x", None], {"a": 1}, {2: "y"}, [[]], [{}]]))
def test_any_value_anywhere_is_reported_never_a_crash(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, value: Any) -> None:
    content = yaml.safe_load(SMALL)
    path = data.draw(st.sampled_from(_paths(content)[1:]))
    target = content
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    file = _write(tmp_path_factory.mktemp("any"), yaml.safe_dump(content))
    errors = validate(file)
    assert all(e.remedy and e.place.startswith("line ") for e in errors)
    if not errors:
        assert load_framework(file).id


def test_the_files_read_the_same_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.frameworks.document._LOADER", yaml.SafeLoader)
    paths = sorted((ROOT / "frameworks").rglob("*.yaml"))
    assert len(paths) >= 8
    for path in paths:
        slow = parse_yaml(path.read_bytes(), path.name)
        with monkeypatch.context() as fast:
            fast.setattr("assistant.frameworks.document._LOADER", getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            assert parse_yaml(path.read_bytes(), path.name) == slow


def test_unknown_names_and_paths(tmp_path: Path) -> None:
    with pytest.raises(FrameworkError, match="there is no framework 'jon-2025'") as caught:
        load_framework("jon-2025")
    assert "did you mean 'john-2025'?" in caught.value.remedy
    with pytest.raises(FrameworkError, match="no such file"):
        load_framework(tmp_path / "none.yaml")
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(FrameworkError, match="not a file"):
        load_framework(tmp_path / "folder.yaml")
    with pytest.raises(FrameworkError, match="cannot hold a framework") as caught:
        load_framework(tmp_path / "model.docx")
    assert ".xlsx" in caught.value.remedy
    with pytest.raises(FrameworkError, match="cannot hold a framework"):
        load_framework("../pyproject.toml")
    assert [e.detail for e in validate(tmp_path / "none.yaml")] == ["no such file"]


def test_a_shipped_file_must_be_named_like_its_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path, SMALL, "other.yaml")
    monkeypatch.setattr("assistant.frameworks.library.resource_dir", lambda name: tmp_path)
    assert list_frameworks() == ("other",)
    with pytest.raises(FrameworkError, match="has the id 'small'"):
        load_framework("other")


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = _write(tmp_path, SMALL)
    first = load_framework(path)
    assert load_framework(path) is first
    _write(tmp_path, SMALL.replace("title: Small", "title: Smaller"))
    assert load_framework(path).title == "Smaller"
    assert load_framework(path).hash != first.hash


# ---------------------------------------------------------------- cells and statements


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Adhoc processes", "Ad hoc processes", True),
        ("Ad-hoc processes", "ad hoc  processes", True),
        ("Ad\u00e9 hoc", "Ade\u0301 hoc", True),
        ("every 1-2 weeks", "every 12 weeks", False),
        ("1 2", "12", False),
        ("None", "None.", False),
        ("Frequent", "Less frequent", False),
    ],
)
def test_same_text_ignores_spelling_only(one: str, other: str, same: bool) -> None:
    assert same_text(one, other) is same


@given(st.lists(st.sampled_from(["a", "A", "b", "c c", "cc"]), min_size=1, max_size=8))
def test_runs_cover_every_stage_once_and_are_as_long_as_they_can_be(cells: list[str]) -> None:
    found = runs(cells)
    assert [s for low, high in found for s in range(low, high + 1)] == list(range(1, len(cells) + 1))
    for low, high in found:
        assert len({cells[s - 1].casefold().replace(" ", "") for s in range(low, high + 1)}) == 1
    for (_, high), (low, _) in pairwise(found):
        assert not same_text(cells[high - 1], cells[low - 1])


@pytest.mark.parametrize("name", list_frameworks())
def test_to_yaml_round_trip_of_shipped_frameworks(tmp_path: Path, name: str) -> None:
    framework = load_framework(name)
    path = _write(tmp_path, to_yaml(framework))
    assert validate(path) == []
    assert load_framework(path) == framework
    assert load_framework(path).hash == framework.hash


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.strip)


@settings(max_examples=60, deadline=None)
@given(cells=st.lists(TEXT, min_size=3, max_size=3), title=TEXT, note=TEXT)
def test_to_yaml_round_trip_of_any_text(tmp_path_factory: pytest.TempPathFactory, cells: list[str], title: str, note: str) -> None:
    data = yaml.safe_load(SMALL)
    data["dimensions"][0]["elements"][0]["cells"] = cells
    data |= {"title": title, "notes": [note]}
    folder = tmp_path_factory.mktemp("yaml")
    framework = load_framework(_write(folder, yaml.safe_dump(data, allow_unicode=True), "a.yaml"))
    assert [framework.element("data.quality").cell(s) for s in (1, 2, 3)] == cells
    assert load_framework(_write(folder, to_yaml(framework), "b.yaml")) == framework


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text("a:-[]{}&*!|>'\"#%@,?\n \t1é", max_size=120).map(lambda t: t.encode())))
def test_any_bytes_give_data_or_a_framework_error(raw: bytes) -> None:
    remedy = "none needed"
    try:
        assert isinstance(parse_yaml(raw, "fuzz.yaml")[0].data, dict)
    except FrameworkError as error:
        remedy = error.remedy
    assert remedy


# ---------------------------------------------------------------- spreadsheets

ROWS = [
    ["Dimension", "Element", "Description", "Low", "Medium", "High"],
    ["Data", "Quality", "How good data is", "none", "some", "all"],
    ["", "Quality", "", "nobody", "nobody", "somebody"],
    ["Betrieb & Überwachung", "Watching", "", "never", "1-2 weeks", "12 weeks"],
]


def _csv(tmp_path: Path, rows: list[list[str]], name: str = "my model.csv", delimiter: str = ",", encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    path.write_bytes(("\r\n".join(delimiter.join(row) for row in rows) + "\r\n").encode(encoding))
    return path


def _xlsx(tmp_path: Path, rows: list[list[Any]], change: Callable[[Any], None] | None = None, name: str = "my model.xlsx") -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append([value if value != "" else None for value in row])
    if change is not None:
        change(sheet)
    path = tmp_path / name
    book.save(path)
    return path


def _check_small_sheet(framework: Framework) -> None:
    assert framework.id == "my-model"
    assert framework.title == "my model"
    assert "my model" in framework.citation
    assert [s.name for s in framework.stages] == ["Low", "Medium", "High"]
    assert [d.name for d in framework.dimensions] == ["Data", "Betrieb & Überwachung"]
    assert [e.id for e in framework.elements] == ["data.quality", "data.quality_2", "betrieb_uberwachung.watching"]
    first, second, third = framework.elements
    assert first.description == "How good data is"
    assert second.description == "Quality (Data)"
    assert [s.id for s in second.statements] == ["data.quality_2#1-2", "data.quality_2#3-3"]
    assert [s.text for s in third.statements] == ["never", "1-2 weeks", "12 weeks"]
    assert {p.kind for p in framework.policies} == {"majority", "minimum", "nplf"}
    assert "“Watching”" in third.probes[0].text


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_with_any_delimiter(tmp_path: Path, delimiter: str) -> None:
    path = _csv(tmp_path, ROWS, delimiter=delimiter, encoding="utf-8-sig")
    assert validate(path) == []
    _check_small_sheet(read_sheet(path))
    assert load_framework(path) == read_sheet(path)


def test_tsv_and_xlsx_give_the_same_framework(tmp_path: Path) -> None:
    tsv, xlsx = read_sheet(_csv(tmp_path, ROWS, "my model.tsv", "\t")), read_sheet(_xlsx(tmp_path, ROWS))
    _check_small_sheet(xlsx)
    assert tsv.dimensions == xlsx.dimensions


def test_keywords_name_the_framework(tmp_path: Path) -> None:
    framework = read_sheet(_csv(tmp_path, ROWS), framework_id="ours", title="Ours", citation="Us, 2026", version="2.1.0")
    assert (framework.id, framework.title, framework.citation, framework.version) == ("ours", "Ours", "Us, 2026", "2.1.0")
    with pytest.raises(FrameworkError, match="is not an id"):
        read_sheet(_csv(tmp_path, ROWS), framework_id="Not An Id")


def test_merged_cells_become_statements_over_their_run(tmp_path: Path) -> None:
    def merge(sheet: Any) -> None:
        sheet.merge_cells("A2:A3")  # one dimension over two rows
        sheet.merge_cells("E2:F2")  # one text over two stages
        sheet.merge_cells("D4:F4")

    framework = read_sheet(_xlsx(tmp_path, ROWS, merge))
    assert [(s.id, s.text) for s in framework.elements[0].statements] == [("data.quality#1-1", "none"), ("data.quality#2-3", "some")]
    assert [(s.id, s.text) for s in framework.elements[2].statements] == [("betrieb_uberwachung.watching#1-3", "never")]
    assert [len(d.elements) for d in framework.dimensions] == [2, 1]


def test_sheet_to_yaml_round_trip(tmp_path: Path) -> None:
    framework = read_sheet(_xlsx(tmp_path, ROWS))
    path = _write(tmp_path, to_yaml(framework))
    assert validate(path) == []
    assert load_framework(path) == framework


def test_a_shipped_framework_survives_a_sheet(tmp_path: Path) -> None:
    original = load_framework()
    rows: list[list[Any]] = [["dimension", "element", *[s.name for s in original.stages]]]
    rows += [[d.name, e.name, *[e.cell(n) for n in range(1, 6)]] for d in original.dimensions for e in d.elements]
    framework = read_sheet(_xlsx(tmp_path, rows))
    assert [[(s.stage_low, s.stage_high, s.text) for s in e.statements] for e in framework.elements] == [
        [(s.stage_low, s.stage_high, s.text) for s in e.statements] for e in original.elements
    ]


def test_sheet_with_a_title_row_offset_numbers_and_blank_rows(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["", "", ""], ["dimension", "element", "Low", "High"], ["", "", "", ""], ["Data", "Share", 10.0, 2.5]]
    (element,) = read_sheet(_xlsx(tmp_path, rows)).elements
    assert [s.text for s in element.statements] == ["10", "2.5"]


def test_general_probes_never_name_a_stage(tmp_path: Path) -> None:
    rows = [["dimension", "element", "Low", "High"], ["Data", "High availability", "a", "b"], ["Data", "What is it?", "a", "b"]]
    first, second = read_sheet(_csv(tmp_path, rows)).elements
    assert [p.id for p in first.probes] == ["carried-out", "agreed", "tool", "change"]
    assert [p.id for p in second.probes] == ["last-time", "carried-out", "agreed", "tool", "change"]


def test_names_without_latin_letters_still_get_ids(tmp_path: Path) -> None:
    framework = read_sheet(
        _csv(tmp_path, [["dimension", "element", "低", "高"], ["数据", "质量", "a", "b"], ["数据", "来源", "a", "b"]], "模型.csv")
    )
    assert framework.id == "framework"
    assert [e.id for e in framework.elements] == ["dimension1.element0", "dimension1.element1"]


SHEET_FAULTS: list[tuple[list[list[str]], str, str, str]] = [
    ([], "the sheet is empty", "", "dimension, element"),
    ([["area", "element", "a", "b"], ["x", "y", "1", "2"]], "there is no column 'dimension'", "row 1", "Expected: dimension, element"),
    ([["dimensoin", "element", "a", "b"], ["x", "y", "1", "2"]], "there is no column 'dimension'", "row 1", "did you mean 'dimensoin'?"),
    ([["dimension", "element", "element", "a", "b"]], "the column 'element' comes twice", "row 1", "keep one"),
    ([["dimension", "element", "a"], ["x", "y", "1"]], "1 stage columns", "row 1", "at least two"),
    ([["dimension", "element", "a", "b"]], "no elements below the header", "row 1, column B", "one row an element"),
    ([["dimension", "element", "a", "b"], ["x", "y", "1", ""]], "entry 2 is empty", "row 2, column D ('b')", "give it a text"),
    ([["dimension", "element", "a", "b"], ["x", "", "1", "2"]], "no element", "row 2, column B", "name the element"),
    ([["dimension", "element", "a", "b"], ["", "y", "1", "2"]], "no dimension, and none above", "row 2, column A", "name the dimension"),
    (
        [["dimension", "element", "a", "b"], ["x", "y", "1", "2", "lost"]],
        "'lost' stands under no header",
        "row 2, column E",
        "name the column",
    ),
    ([["dimension", "element", "a", "a"], ["x", "y", "1", "2"]], "the stage name 'a' is used twice", "row 1, column D ('a')", "its own"),
    ([["dimension", "element", *map(str, range(60))], ["x", "y"]], "spans 2 rows and 62 columns", "", "delete the unused"),
]


@pytest.mark.parametrize(("rows", "message", "place", "remedy"), SHEET_FAULTS, ids=[f[1] for f in SHEET_FAULTS])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_sheet_faults_name_row_and_column(tmp_path: Path, kind: str, rows: list[list[str]], message: str, place: str, remedy: str) -> None:
    path = _csv(tmp_path, rows) if kind == "csv" else _xlsx(tmp_path, rows)
    errors = validate(path)
    assert [e.detail for e in errors if message in e.detail], [str(e) for e in errors]
    assert errors[0].source == path.name
    assert errors[0].place == place
    assert remedy in errors[0].remedy
    with pytest.raises(FrameworkError):
        read_sheet(path)


def test_unreadable_sheets(tmp_path: Path) -> None:
    broken = tmp_path / "a.xlsx"
    broken.write_bytes(b"not a zip")
    with pytest.raises(FrameworkError, match=r"not a readable \.xlsx"):
        read_sheet(broken)
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
        archive.writestr("hello.txt", "x")
    with pytest.raises(FrameworkError, match=r"not a readable \.xlsx"):
        read_sheet(tmp_path / "b.xlsx")
    latin = _csv(tmp_path, ROWS, "latin.csv", encoding="cp1252")
    with pytest.raises(FrameworkError, match="is not UTF-8") as caught:
        read_sheet(latin)
    assert "CSV UTF-8" in caught.value.remedy
    (tmp_path / "quotes.csv").write_text('dimension,element,a,b\nx,"y" z,1,2\n', encoding="utf-8")
    with pytest.raises(FrameworkError, match="not a readable table"):
        read_sheet(tmp_path / "quotes.csv")


def _merge_a2_a3(sheet: Any) -> None:
    sheet.merge_cells("A2:A3")


def test_limits_of_a_sheet_are_inclusive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _xlsx(tmp_path, ROWS, _merge_a2_a3)
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
    for name, exact in (("MAX_ROWS", 4), ("MAX_COLUMNS", 6), ("MAX_MERGED", 2), ("MAX_UNPACKED", unpacked)):
        with monkeypatch.context() as limit:
            limit.setattr(f"assistant.frameworks.sheet.{name}", exact)
            assert len(read_sheet(path).elements) == 3
            limit.setattr(f"assistant.frameworks.sheet.{name}", exact - 1)
            with pytest.raises(FrameworkError, match=r"more than|merged areas span 2 cells"):
                read_sheet(path)


def test_worksheet_by_name(tmp_path: Path) -> None:
    def add(sheet: Any) -> None:
        sheet.title = "Notes"
        second = sheet.parent.create_sheet("Model")
        for row in ROWS:
            second.append(row)

    path = _xlsx(tmp_path, [["just text"]], add)
    _check_small_sheet(read_sheet(path, worksheet="Model"))
    with pytest.raises(FrameworkError, match="no worksheet 'Modell'") as caught:
        read_sheet(path, worksheet="Modell")
    assert "did you mean 'Model'?" in caught.value.remedy


def test_bombs_are_refused_before_they_are_built(tmp_path: Path) -> None:
    path = _xlsx(tmp_path, ROWS, _merge_a2_a3)
    parts = {}
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet_name = "xl/worksheets/sheet1.xml"
    assert b'ref="A2:A3"' in parts[sheet_name]
    merged = parts | {sheet_name: parts[sheet_name].replace(b'ref="A2:A3"', b'ref="A2:XFD1048576"')}
    padded = parts | {"xl/media/big.bin": b"\0" * (65 * 1024 * 1024)}
    for content, message in ((merged, "merged areas span 17,179,852,800 cells"), (padded, "unpacks to more")):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, raw in content.items():
                archive.writestr(name, raw)
        bomb = tmp_path / "bomb.xlsx"
        bomb.write_bytes(buffer.getvalue())
        with pytest.raises(FrameworkError, match=message):
            read_sheet(bomb)
