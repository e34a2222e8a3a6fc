"""Stage by dimension as a web, with the band that unknowns leave."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from assistant.charts.parts import Grid, column_heads, disc, group_line, short
from assistant.charts.svg import BOLD, Drawing, num, text_width, wrap
from assistant.models import (
    Framework,
    GroupRating,
)
from assistant.theme import Scheme


def _names(framework: Framework) -> dict[str, str]:
    return {d.id: d.name for d in framework.dimensions}


def _group_words(framework: Framework, group: GroupRating, name: str) -> str:
    return f"{name}: {group.explanation}"


def _points(values: Sequence[float], cx: float, cy: float, ring: float) -> list[tuple[float, float]]:
    n = len(values)
    angles = [-math.pi / 2 + 2 * math.pi * i / n for i in range(n)]
    return [(cx + v * ring * math.cos(a), cy + v * ring * math.sin(a)) for v, a in zip(values, angles, strict=True)]


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{num(x)} {num(y)}" for x, y in points) + "Z"


def _web(d: Drawing, framework: Framework, axes: int, cx: float, cy: float, ring: float) -> None:
    """Rings and spokes; the names of the stages go along the first spoke."""
    for stage in framework.stages:
        ring_path = _path(_points([stage.number] * axes, cx, cy, ring))
        d.add(f'<path d="{ring_path}" stroke-width="1" style="{d.paint(fill="none", stroke="--line")}"/>')
    for x, y in _points([len(framework.stages)] * axes, cx, cy, ring):
        d.line(cx, cy, x, y)


def _label(name: str, room: float) -> tuple[float, tuple[str, ...]]:
    """Size and lines of an axis label; a word too long for the room makes the label smaller before it is cut."""
    longest = max((text_width(w, 12.5) for w in name[:200].split()), default=0.0) * BOLD
    size = 12.5 if longest <= room else max(10.0, 12.5 * room / longest)
    return size, wrap(name, room / BOLD, size)


def _axis_labels(d: Drawing, groups: Sequence[GroupRating], names: Mapping[str, str], centre: tuple[float, float], reach: float) -> None:
    cx, cy = centre
    for group, (x, y) in zip(groups, _points([1.0] * len(groups), cx, cy, reach), strict=True):
        anchor = "middle" if abs(x - cx) < reach * 0.2 else "start" if x > cx else "end"
        room = {"middle": 170.0, "start": d.width - x, "end": x}[anchor]
        size, label = _label(names[group.scope], room)
        lead = size * 1.2
        up = (len(label) - 1) * lead + 14 if y < cy - reach * 0.8 else (len(label) - 1) * lead / 2 if y < cy + reach * 0.5 else -4
        d.lines(x, y + 4 - up, label, size=size, anchor=anchor, weight=600)
        d.text(x, y + 4 - up + len(label) * lead, f"{group.rated} of {group.total} rated", size=11, anchor=anchor, fill="--muted")


def _band(d: Drawing, groups: Sequence[GroupRating], cx: float, cy: float, ring: float) -> None:
    """What unknowns leave open: an area between worst and best, and a bar along each open axis."""
    high, low = _points([g.high for g in groups], cx, cy, ring), _points([g.low for g in groups], cx, cy, ring)
    if all(g.low == g.high for g in groups):
        return
    d.add(f'<path d="{_path(high)}{_path(low)}" fill-rule="evenodd" fill-opacity="0.18" style="{d.paint(fill="--accent")}"/>')
    for group, start, end in zip(groups, low, high, strict=True):
        if group.low != group.high:
            d.line(*start, *end, width=6, stroke="--accent", extra=' stroke-linecap="round" stroke-opacity="0.35"')


def spider(
    framework: Framework, groups: Sequence[GroupRating], *, width: float = 460, uid: str = "spider", scheme: Scheme | None = None
) -> str:
    """Stage by dimension, with the band between worst and best. Under three or over sixteen dimensions: bars, as a web would mislead."""
    names = _names(framework)
    words = "; ".join(_group_words(framework, g, names[g.scope]) for g in groups)
    d = Drawing(width, uid, len(framework.stages))
    if not 3 <= len(groups) <= 16:
        height = _range_bars(d, framework, groups, names)
        return d.render(height, title="Stage by dimension", description=f"{words}.", scheme=scheme)
    # On a phone the labels get less room, so that the web keeps its size.
    radius = min(150.0, width * 0.5 - (106 if width >= 420 else 84))
    top = len(_label(names[groups[0].scope], 170.0)[1])
    cx, cy, ring = width / 2, radius + 34 + top * 15, radius / len(framework.stages)
    _web(d, framework, len(groups), cx, cy, ring)
    _band(d, groups, cx, cy, ring)
    known = [g.stage if g.sufficient else None for g in groups]
    points = _points([s or 0 for s in known], cx, cy, ring)
    for i, (x, y) in enumerate(points):
        following = (i + 1) % len(points)
        if known[i] is not None and known[following] is not None:
            d.line(x, y, *points[following], width=2.2, stroke="--accent", extra=' stroke-linecap="round"')
    _ring_names(d, framework, cx, cy, ring)
    for stage, (x, y) in zip(known, points, strict=True):
        if stage is not None:
            disc(d, x, y, stage)
    _axis_labels(d, groups, names, (cx, cy), radius + 14)
    y = cy + radius + 74
    if any(g.low != g.high for g in groups):
        y += 14
        d.rect(0, y - 9, 22, 11, fill="--accent", extra=' fill-opacity="0.25"')
        d.lines(29, y, wrap("between worst and best for what is unknown", width - 30, 11, lines=2), size=11, fill="--muted")
    return d.render(y + 14, title="Stage by dimension", description=f"{words}.", scheme=scheme)


def _ring_names(d: Drawing, framework: Framework, cx: float, cy: float, ring: float) -> None:
    """Names of the rings, beside the upper spoke, where no disc of that spoke covers them."""
    if ring < 13:
        return
    for stage in framework.stages:
        label = wrap(short(stage), 92, 10, lines=1)[0]
        d.text(cx + 11, cy - stage.number * ring + 11.5, label, size=10, fill="--muted", halo=True)


def _range_bars(d: Drawing, framework: Framework, groups: Sequence[GroupRating], names: Mapping[str, str]) -> float:
    """Stage and bounds of each group as a bar over the stages; gives the height."""
    grid = Grid(0.0, d.width / len(framework.stages))
    y = column_heads(d, grid, framework)
    for group in groups:
        label = wrap(names[group.scope], d.width / BOLD - 4, 12.5)
        d.lines(0, y + 16, label, size=12.5, weight=600)
        y += len(label) * 15 + 8
        for stage in framework.stages:
            x, w = grid.span(stage.number, stage.number)
            d.rect(x, y, w, 20, fill="--surface")
        group_line(d, grid, group, y + 10)
        y += 28
    return y + 4
