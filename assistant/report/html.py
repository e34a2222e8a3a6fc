"""`ReportView` -> one self-contained HTML file: no script, no external request, a content security policy that says so."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from assistant import charts, theme
from assistant.display import printable
from assistant.models import Assessment, Framework
from assistant.report.view import ReportView


def _fit(value: object) -> object:
    """Every plain string that reaches the page is made printable; escaping comes after it."""
    return printable(value) if type(value) is str else value


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("assistant", "templates"),
        autoescape=True,
        finalize=_fit,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def style_sheet(stages: int, draft: bool) -> str:
    """Theme variables, a class a stage, and the report's own rules."""
    classes = "".join(
        f".s{n}{{background:var(--stage-{n});color:var(--stage-{n}-ink)}}.ladder .s{n}.here i{{background:var(--stage-{n})}}"
        for n in range(1, stages + 1)
    )
    foot = f':root{{--stages:{stages};--foot:"{"DRAFT, not reviewed" if draft else ""}"}}'
    environment = _environment()
    source, _, _ = environment.loader.get_source(environment, "report.css")  # type: ignore[union-attr]
    return f"{theme.css_variables(stages)}{foot}\n{source}\n{classes}"


def draw(framework: Framework, assessment: Assessment, view: ReportView) -> dict[str, Markup]:
    """The charts, each for wide and for narrow screens where its text would not fit."""
    rows = {e.id: f"#{a.anchor}" for e, a in zip(framework.elements, (e for d in view.dimensions for e in d.elements), strict=True)}
    drawn = {
        "heat_wide": charts.heat_map(framework, assessment, width=830, links=rows, uid="heat-wide"),
        "heat_narrow": charts.heat_map(framework, assessment, width=360, links=rows, uid="heat-narrow"),
        "spider": charts.spider(framework, assessment.dimensions, width=430),
        "coverage": charts.coverage_bars(framework, assessment, width=400),
    }
    if assessment.practices is not None and view.practices is not None:
        p = view.practices
        codes = {row.code: f"#{row.anchor}" for row in p.rows}
        for name, width in (("practices_wide", 830), ("practices_narrow", 360)):
            drawn[name] = charts.practice_matrix(
                framework, assessment.practices, p.benchmarks, consistent=p.consistent, links=codes, width=width, uid=name.replace("_", "-")
            )
    return {name: Markup(svg) for name, svg in drawn.items()}


def render(view: ReportView, framework: Framework, assessment: Assessment) -> str:
    """The page."""
    # A framework may come from anybody's spreadsheet: only a plain web address becomes a link.
    link = view.url if view.url.startswith(("https://", "http://")) else ""
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            r=view,
            charts=draw(framework, assessment, view),
            css=Markup(style_sheet(len(framework.stages), view.draft)),
            link=link,
            stage_short={number: short for number, _, short, _ in view.stages},
        )
        + "\n"
    )


__all__ = ["draw", "render", "style_sheet"]
