"""Charts: valid, described, for any size of framework, and true to the assessment."""

from __future__ import annotations

import pytest
from lxml import etree
from report_support import file_of, said, sample_file, small_framework, talk

from assistant import charts
from assistant.charts.svg import Drawing, num, text_width, wrap
from assistant.frameworks import load_benchmarks, load_framework
from assistant.models import AssessmentFile, ElementDecision, EvidenceState, Framework, Polarity

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert(1)</script> "]]> & \u202e \x07 🦄 ' + "W" * 300
JOHN = load_framework("john-2025")
COMPANIES = load_benchmarks("john-2025")[0].companies
TALK = talk(("Ines Falk", "How?"), ("Bo Ek", "We do it. Machines do it. Sometimes. Never there."))


def parse(svg: str) -> etree._Element:
    root = etree.fromstring(svg.encode())
    assert root.tag == f"{SVG}svg"
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {etree.QName(e).localname for e in root.iter()} <= {
        "svg",
        "title",
        "desc",
        "rect",
        "line",
        "path",
        "circle",
        "text",
        "g",
        "a",
        "defs",
        "pattern",
    }
    assert root.find(f"{SVG}title").text
    assert root.find(f"{SVG}desc").text
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
    return root


def words(root: etree._Element) -> list[str]:
    return [t.text for t in root.iter(f"{SVG}text") if t.text]


def assess(framework: Framework) -> AssessmentFile:
    ids = [e.id for e in framework.elements]
    top = len(framework.stages)
    evidence = [
        said(TALK, "We do it.", ids[0], top, top, framework, codes=("X1",)),
        said(TALK, "Machines do it.", ids[0], 1, 1, framework),
        said(TALK, "Sometimes.", ids[1], 1, top, framework),
        said(TALK, "Machines do it.", ids[2], 1, 1, framework, state=EvidenceState.PROPOSED),
    ]
    return file_of(framework, [TALK], evidence)


def every(framework: Framework, file: AssessmentFile, width: float) -> dict[str, str]:
    a = file.assessment
    assert a.practices is not None
    return {
        "heat": charts.heat_map(framework, a, width=width),
        "spider": charts.spider(framework, a.dimensions, width=width),
        "coverage": charts.coverage_bars(framework, a, width=width),
        "practices": charts.practice_matrix(framework, a.practices, COMPANIES, width=width),
    }


@pytest.mark.parametrize("width", [360, 900])
@pytest.mark.parametrize(("dimensions", "elements", "stages"), [(1, 3, 2), (2, 3, 3), (3, 1, 8), (5, 4, 5), (6, 10, 8), (20, 3, 4)])
def test_any_size_gives_valid_pictures_within_their_frame(dimensions: int, elements: int, stages: int, width: int) -> None:
    framework = small_framework(dimensions, elements, stages)
    for name, svg in every(framework, assess(framework), width).items():
        root = parse(svg)
        _, _, w, h = (float(n) for n in root.get("viewBox").split())
        assert w == width
        drawn = list(root.iter(f"{SVG}rect", f"{SVG}text", f"{SVG}circle"))
        assert len(drawn) >= dimensions, name
        for e in drawn:
            x, y = float(e.get("x") or e.get("cx") or 0), float(e.get("y") or e.get("cy") or 0)
            assert -1 <= x <= w + 1, (name, etree.tostring(e))
            assert -1 <= y <= h + 1, (name, etree.tostring(e))


@pytest.mark.parametrize("width", [360, 900])
def test_long_and_hostile_names_are_text_and_do_not_leave_the_frame(width: int) -> None:
    framework = small_framework(3, 3, 5, name=HOSTILE)
    for svg in every(framework, assess(framework), width).values():
        root = parse(svg)
        assert "script>" not in svg
        assert "\u202e" not in svg
        for t in root.iter(f"{SVG}text"):
            size, x = float(t.get("font-size")), float(t.get("x"))
            room = {None: width - x, "end": x, "middle": 2 * min(x, width - x)}[t.get("text-anchor")]
            assert text_width(t.text or "", size) <= room + 30, t.text


def test_heat_map_shows_where_elements_stand_with_counts() -> None:
    framework = small_framework(1, 5, 3)
    ids = [e.id for e in framework.elements]
    evidence = [
        said(TALK, "We do it.", ids[0], 2, 2, framework),
        said(TALK, "Machines do it.", ids[0], 2, 2, framework),
        said(TALK, "Never there.", ids[1], 1, 1, framework, polarity=Polarity.ABSENT),
        said(TALK, "Sometimes.", ids[2], 2, 3, framework),
    ]
    gone = ElementDecision(id="1", element=ids[4], reviewer="r", action="not_applicable", reason="no such thing")
    a = file_of(framework, [TALK], evidence, decisions=[gone]).assessment
    svg = charts.heat_map(framework, a, links={ids[0]: "#e1-1"})
    root = parse(svg)
    shown = words(root)
    for expected in ("2", "1 said absent", "1 unplaced", "unknown", "not applicable"):
        assert expected in shown
    assert root.get("role") == "group", "links inside a picture would be hidden"
    assert [a.get("href") for a in root.iter(f"{SVG}a")] == ["#e1-1"]
    description = root.find(f"{SVG}desc").text
    assert "Thing 1.1: Level 2, 2 quotes" in description
    assert "Thing 1.3: a practice, not yet a stage (between Level 2 and Level 3), 1 quote" in description
    assert "Thing 1.4: unknown" in description


def test_heat_map_outlines_both_sides_of_a_conflict_and_counts_proposals() -> None:
    framework = small_framework(1, 3, 3)
    file = assess(framework)
    svg = charts.heat_map(framework, file.assessment)
    assert svg.count("stroke:var(--conflict") == 3, "two cells and the legend"
    assert "evidence in conflict" in svg
    assert "(1)" in words(parse(svg))


def test_spider_joins_only_what_is_rated_and_shows_the_bounds() -> None:
    framework = small_framework(4, 3, 5)
    file = assess(framework)
    svg = charts.spider(framework, file.assessment.dimensions)
    root = parse(svg)
    assert "0 of 3 rated" in words(root)
    assert 'fill-rule="evenodd"' in svg
    assert not list(root.iter(f"{SVG}circle")), "nothing has enough evidence, so nothing has a disc"
    full = sample_file(["e-vehicles"], JOHN).assessment
    assert len(list(parse(charts.spider(JOHN, full.dimensions)).iter(f"{SVG}circle"))) == sum(
        g.stage is not None and g.sufficient for g in full.dimensions
    )


def test_few_or_many_dimensions_become_bars() -> None:
    for dimensions in (1, 2, 17):
        framework = small_framework(dimensions, 3, 4)
        assert "<path" not in charts.spider(framework, assess(framework).assessment.dimensions)


def test_practice_matrix_has_the_stages_of_the_study() -> None:
    a = sample_file(["e-vehicles"], JOHN).assessment
    assert a.practices is not None
    consistent = {"A": 2, "B": 4, "C": 2, "D": 3, "E": 3, "F": 3, "G": 2}
    root = parse(charts.practice_matrix(JOHN, a.practices, COMPANIES, consistent=consistent, links={"D1": "#p1"}))
    shown = words(root)
    assert shown.count("–") == 2, "B and F: no stage is stated"
    assert {"Here", "A", "G", "DY1", "OG2", "Codes are consistent with stage"} <= set(shown)
    assert parse(charts.practice_matrix(JOHN, a.practices)).find(f"{SVG}desc").text.startswith("consistent with")


def test_scheme_fixes_colours_without_leaking_a_style_sheet() -> None:
    framework = small_framework()
    a = file_of(framework, [TALK], []).assessment
    dark = charts.coverage_bars(framework, a, scheme="dark")
    assert "--page:#13171b" in dark
    assert "--page:" not in charts.coverage_bars(framework, a)
    assert "<style" not in dark
    assert charts.coverage_bars(framework, a) == charts.coverage_bars(framework, a)


def test_wrap() -> None:
    assert wrap("one two three", 1000, 12) == ("one two three",)
    assert wrap("", 100, 12) == ("",)
    lines = wrap("word " * 100, 120, 12, lines=2)
    assert len(lines) == 2
    assert lines[-1].endswith("…")
    assert all(text_width(line, 12) <= 121 for line in lines)
    assert all(text_width(line, 12) <= 61 for line in wrap("W" * 400, 60, 12, lines=4))
    assert len(wrap("山" * 50, 120, 12, lines=9)) > 4, "wide characters count double"


def test_ids_are_checked_and_numbers_short() -> None:
    with pytest.raises(ValueError, match="id"):
        Drawing(100, 'x" onload="', 3)
    assert (num(3.0), num(3.14159), num(-0.5)) == ("3", "3.1", "-0.5")
