"""What several charts draw alike: the grid of stages, the disc of a stage, the line of a range."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.charts.svg import Drawing, num, wrap
from assistant.models import Framework, GroupRating, Stage

NARROW = 520
"""Below this width, labels stand above their rows instead of beside them."""


def short(stage: Stage) -> str:
    """Name of a stage for a narrow place."""
    return stage.short or stage.name


@dataclass
class Grid:
    """Where the columns of the heat map are."""

    left: float
    column: float

    def x(self, stage: int) -> float:
        return self.left + (stage - 1) * self.column

    def span(self, low: int, high: int) -> tuple[float, float]:
        """Left edge and width of a run of stages, with a gap to the next."""
        return self.x(low) + 1.5, (high - low + 1) * self.column - 3


def group_line(d: Drawing, grid: Grid, group: GroupRating, y: float) -> None:
    """Result of a dimension as a line over its columns: the range as a bar, the stage as a disc."""

    def centre(stage: int) -> float:
        return grid.x(stage) + grid.column / 2

    d.line(centre(group.low), y, centre(group.high), y, width=2, stroke="--muted", extra=' stroke-linecap="round"')
    for end in (group.low, group.high):
        d.line(centre(end), y - 4, centre(end), y + 4, width=2, stroke="--muted")
    if group.stage is not None and group.sufficient:
        disc(d, centre(group.stage), y, group.stage)


def disc(d: Drawing, x: float, y: float, stage: int) -> None:
    """A stage as a numbered disc in its colour."""
    d.add(
        f'<circle cx="{num(x)}" cy="{num(y)}" r="8.5" stroke-width="1.5" style="{d.paint(fill=f"--stage-{stage}", stroke="--page-ink")}"/>'
    )
    d.text(x, y + 4, str(stage), size=11, anchor="middle", weight=700, fill=f"--stage-{stage}-ink")


def column_heads(d: Drawing, grid: Grid, framework: Framework) -> float:
    """Heads of the columns; gives the y below them."""
    size = 12 if grid.column > 80 else 10.5
    heads = [wrap(short(s), grid.column - 4, size, lines=2) for s in framework.stages]
    tall = max(len(h) for h in heads) * size * 1.2
    for stage, head in zip(framework.stages, heads, strict=True):
        x, w = grid.span(stage.number, stage.number)
        d.lines(x + w / 2, 12, head, size=size, anchor="middle", weight=600)
        d.rect(x, tall + 6, w, 5, r=1.5, fill=f"--stage-{stage.number}")
    return tall + 16
