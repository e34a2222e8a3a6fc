"""Colours: readable, ordinal, and told apart by people who see colour differently."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from assistant import theme
from assistant.theme import READABLE, SCHEMES, Scheme

SIZES = range(2, 9)

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
DEFICIENCIES = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def seen(colour: str, matrix: tuple[tuple[float, float, float], ...]) -> str:
    linear = [theme._linear(c) for c in theme.rgb(colour)]
    mixed = [sum(m * c for m, c in zip(row, linear, strict=True)) for row in matrix]
    return "#" + "".join(f"{round(255 * theme._gamma(min(1.0, max(0.0, c)))):02x}" for c in mixed)


def distance(one: str, other: str) -> float:
    return sum((a - b) ** 2 for a, b in zip(theme.oklab(one), theme.oklab(other), strict=True)) ** 0.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("stages", SIZES)
def test_text_is_readable_on_every_fill(stages: int, scheme: Scheme) -> None:
    p = theme.palette(stages, scheme)
    for swatch in (*p.stages, p.unknown, p.unplaced, p.not_applicable, p.conflict, p.page, p.surface, p.mark):
        assert theme.contrast(swatch.fill, swatch.ink) >= READABLE, swatch
    for colour in (p.muted, p.accent, p.conflict.fill, p.unplaced.ink, p.unknown.ink):
        assert theme.contrast(colour, p.page.fill) >= READABLE, colour
    assert theme.contrast(p.muted, p.surface.fill) >= READABLE


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("stages", SIZES)
def test_lightness_changes_one_way_and_higher_stages_stand_out_more(stages: int, scheme: Scheme) -> None:
    fills = theme.ramp(stages, scheme)
    steps = [theme.oklab(b)[0] - theme.oklab(a)[0] for a, b in pairwise(fills)]
    assert all(abs(s) > 0.02 for s in steps)
    assert len({s > 0 for s in steps}) == 1
    page = theme.palette(stages, scheme).page.fill
    contrasts = [theme.contrast(f, page) for f in fills]
    assert contrasts == sorted(contrasts)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("kind", [None, *DEFICIENCIES])
def test_neighbouring_stages_are_told_apart(kind: str | None, scheme: Scheme) -> None:
    fills = [seen(f, DEFICIENCIES[kind]) if kind else f for f in theme.ramp(5, scheme)]
    assert min(distance(a, b) for a, b in pairwise(fills)) > 0.07


def test_the_colours_of_five_stages_do_not_change_by_accident() -> None:
    assert theme.ramp(5, "light") == ("#f3e5ae", "#98cb9b", "#4db0ad", "#2a79ae", "#2a3a86")
    assert theme.ramp(2, "light") == ("#f3e5ae", "#2a3a86")
    assert theme.ramp(1, "dark") == ("#cbdaff",)


@pytest.mark.parametrize("stages", SIZES)
def test_style_sheet_defines_every_variable_in_both_schemes(stages: int) -> None:
    css = theme.css_variables(stages)
    for scheme in SCHEMES:
        for name, colour in theme.variables(theme.palette(stages, scheme)).items():
            assert f"{name}:{colour};" in css
    assert css.count("{") == css.count("}")
    assert "[data-theme=dark]" in css
    assert re.search(r"@media screen", css), "paper stays light"


def test_every_fill_has_a_readable_ink() -> None:
    for level in range(0, 256, 5):
        for colour in (f"#{level:02x}{level:02x}{level:02x}", f"#{level:02x}80{255 - level:02x}"):
            assert theme.contrast(colour, theme.readable_on(colour)) >= READABLE


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one stage"):
        theme.ramp(0, "light")
    with pytest.raises(ValueError, match="#rrggbb"):
        theme.rgb("red")
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.luminance("#ffffff") == pytest.approx(1)
