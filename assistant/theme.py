"""Colours of the product: the stages and the states of an element, the same in the app and in reports, light and dark.

    palette(stages, scheme)   the colours, each with the ink that is readable on it
    css_variables(stages)     the same as CSS custom properties, dark by the reader's setting or by ``data-theme``
    variables(palette)        name -> colour, for whoever wants them one by one

Stages are ordinal, so their colours are one ramp of steadily changing lightness: it reads without hue, for every kind of colour
blindness and on grey paper. In both schemes a higher stage stands out more from the page. Nothing relies on colour alone:
charts hatch what is unknown and write what is in conflict.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

Scheme = Literal["light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")

Rgb = tuple[float, float, float]

READABLE: Final = 4.5
"""Least contrast of text (WCAG 2.2, level AA)."""

_RAMPS: Final[dict[Scheme, tuple[str, ...]]] = {
    "light": ("#f3e5ae", "#98cb9b", "#4db0ad", "#2a79ae", "#2a3a86"),
    "dark": ("#4b4429", "#35634a", "#2f898a", "#66b2d8", "#cbdaff"),
}
"""Anchors from the lowest to the highest stage; other numbers of stages are mixed from them in OKLab."""


@dataclass(frozen=True)
class Swatch:
    """A fill and the ink for text on it."""

    fill: str
    """``#rrggbb``."""
    ink: str
    """``#rrggbb``; contrast with the fill at least `READABLE`."""


@dataclass(frozen=True)
class Palette:
    """All colours of one scheme."""

    stages: tuple[Swatch, ...]
    """One a stage, lowest first."""
    unknown: Swatch
    """No evidence; drawn hatched, with ``line`` as the hatching."""
    unplaced: Swatch
    """A practice without a stage; drawn with a dashed outline in its ink."""
    not_applicable: Swatch
    """Taken out by a reviewer."""
    conflict: Swatch
    """Evidence that disagrees; its fill is readable on the page too."""
    page: Swatch
    """Background and text."""
    surface: Swatch
    """Quiet areas, and cells that nothing stands on."""
    muted: str
    """Secondary text; readable on page and surface."""
    line: str
    """Hairlines."""
    accent: str
    """Links and the line of a chart; readable on the page."""
    mark: Swatch
    """A quote in its transcript."""


# ---------------------------------------------------------------- colour arithmetic


def rgb(colour: str) -> Rgb:
    """Channels 0..1 of ``#rrggbb``. Raises ValueError for anything else."""
    if len(colour) != 7 or colour[0] != "#":
        raise ValueError(f"not a colour of the form #rrggbb: {colour!r}")
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _gamma(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def luminance(colour: str) -> float:
    """Relative luminance (WCAG), 0 black to 1 white."""
    r, g, b = (_linear(c) for c in rgb(colour))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG), 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def oklab(colour: str) -> Rgb:
    """Lightness and the two colour axes of OKLab, in which equal distances look about equal."""
    r, g, b = (_linear(c) for c in rgb(colour))
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    mid = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * mid - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * mid + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * mid - 0.8086757660 * short,
    )


def _from_oklab(lightness: float, a: float, b: float) -> str:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    mid = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    channels = (
        4.0767416621 * long - 3.3077115913 * mid + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * mid - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * mid + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, _gamma(max(0.0, c))))):02x}" for c in channels)


def _mix(one: str, other: str, share: float) -> str:
    start, end = oklab(one), oklab(other)
    lightness, a, b = (x + (y - x) * share for x, y in zip(start, end, strict=True))
    return _from_oklab(lightness, a, b)


def readable_on(fill: str) -> str:
    """Ink for text on ``fill``: soft black or white where one is readable, else pure black (always readable then)."""
    for ink in ("#ffffff", "#14181d", "#000000"):
        if contrast(ink, fill) >= READABLE:
            return ink
    # Unreachable for sRGB: black or white always gives 4.58 or more.
    return "#000000"


def ramp(stages: int, scheme: Scheme) -> tuple[str, ...]:
    """Fills of ``stages`` stages, lowest first. Raises ValueError for less than one stage."""
    if stages < 1:
        raise ValueError(f"a framework has at least one stage, not {stages}")
    anchors = _RAMPS[scheme]
    if stages == 1:
        return (anchors[-1],)
    fills = []
    for i in range(stages):
        place = i * (len(anchors) - 1) / (stages - 1)
        left = min(int(place), len(anchors) - 2)
        fills.append(anchors[left] if place == left else _mix(anchors[left], anchors[left + 1], place - left))
    return tuple(fills)


# ---------------------------------------------------------------- palettes


@lru_cache(maxsize=32)
def palette(stages: int, scheme: Scheme = "light") -> Palette:
    """All colours for a framework with so many stages. Raises ValueError for less than one stage."""
    steps = tuple(Swatch(fill, readable_on(fill)) for fill in ramp(stages, scheme))
    if scheme == "light":
        return Palette(
            stages=steps,
            unknown=Swatch("#f4f5f6", "#5a636d"),
            unplaced=Swatch("#ffffff", "#3d4650"),
            not_applicable=Swatch("#e7e9ec", "#555e68"),
            conflict=Swatch("#b3400a", "#ffffff"),
            page=Swatch("#ffffff", "#1b2127"),
            surface=Swatch("#f4f5f6", "#1b2127"),
            muted="#5a636d",
            line="#d3d8dd",
            accent="#1d5f99",
            mark=Swatch("#fdf0c4", "#1b2127"),
        )
    return Palette(
        stages=steps,
        unknown=Swatch("#1d2329", "#a3adb8"),
        unplaced=Swatch("#13171b", "#c9d1d9"),
        not_applicable=Swatch("#2a3138", "#a9b3bd"),
        conflict=Swatch("#ff9d6c", "#14181d"),
        page=Swatch("#13171b", "#e4e8ec"),
        surface=Swatch("#1d2329", "#e4e8ec"),
        muted="#a3adb8",
        line="#39424b",
        accent="#84bcf0",
        mark=Swatch("#4a3f15", "#f6f1e0"),
    )


def variables(colours: Palette) -> dict[str, str]:
    """CSS custom properties (``--stage-1``, ``--stage-1-ink``, ``--unknown`` …) -> colour."""
    named: dict[str, str] = {}
    for number, swatch in enumerate(colours.stages, 1):
        named[f"--stage-{number}"], named[f"--stage-{number}-ink"] = swatch.fill, swatch.ink
    states = {
        "unknown": colours.unknown,
        "unplaced": colours.unplaced,
        "na": colours.not_applicable,
        "conflict": colours.conflict,
        "page": colours.page,
        "surface": colours.surface,
        "mark": colours.mark,
    }
    for name, swatch in states.items():
        named[f"--{name}"], named[f"--{name}-ink"] = swatch.fill, swatch.ink
    return named | {"--muted": colours.muted, "--line": colours.line, "--accent": colours.accent}


def _declarations(stages: int, scheme: Scheme) -> str:
    return "".join(f"{name}:{colour};" for name, colour in variables(palette(stages, scheme)).items())


def css_variables(stages: int) -> str:
    """Style sheet that defines the variables: by the reader's setting on screen, overruled by ``data-theme``; paper is light."""
    light, dark = _declarations(stages, "light"), _declarations(stages, "dark")
    return (
        f":root{{color-scheme:light;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}}}\n"
    )


__all__ = [
    "READABLE",
    "SCHEMES",
    "Palette",
    "Scheme",
    "Swatch",
    "contrast",
    "css_variables",
    "luminance",
    "oklab",
    "palette",
    "ramp",
    "readable_on",
    "rgb",
    "variables",
]
