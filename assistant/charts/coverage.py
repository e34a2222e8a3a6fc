"""How much of each dimension is rated."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.charts.svg import Drawing, wrap
from assistant.display import percent
from assistant.models import (
    Assessment,
    Framework,
    RatingStatus,
)
from assistant.theme import Scheme


def coverage_bars(
    framework: Framework, assessment: Assessment, *, width: float = 460, uid: str = "coverage", scheme: Scheme | None = None
) -> str:
    """For each dimension and the whole: how many elements are rated, unplaced, unknown, not applicable."""
    d = Drawing(width, uid, len(framework.stages))
    hatch = d.hatch()
    rows = [(dim.name, [assessment.rating(e.id).status for e in dim.elements]) for dim in framework.dimensions]
    rows.append(("All elements", [r.status for r in assessment.elements]))
    y, words = 4.0, []
    for name, statuses in rows:
        applicable = [s for s in statuses if s is not RatingStatus.NOT_APPLICABLE]
        rated = sum(s is RatingStatus.RATED for s in applicable)
        share = percent(rated / len(applicable)) if applicable else "none applies"
        label = wrap(name, width - 130, 12.5, lines=2)
        d.lines(0, y + 12, label, size=12.5, weight=600 if name == "All elements" else 400)
        d.text(width, y + 12, f"{rated} of {len(applicable)} · {share}", size=11.5, anchor="end", fill="--muted")
        y += len(label) * 15 + 3
        _status_bar(d, statuses, y, hatch)
        words.append(f"{name}: {rated} of {len(applicable)} rated")
        y += 24
    for i, (fill, stroke, said) in enumerate(
        (
            ("--accent", "none", "rated"),
            ("none", "--unplaced-ink", "unplaced"),
            (hatch, "none", "unknown"),
            ("--na", "none", "not applicable"),
        )
    ):
        x = (0, 66, 152, 236)[i]
        d.rect(x + 1, y, 13, 11, r=2, fill=fill, stroke=stroke, extra=' stroke-dasharray="3 2"')
        d.text(x + 19, y + 10, said, size=11, fill="--muted")
    return d.render(y + 20, title="Coverage", description="; ".join(words) + ".", scheme=scheme)


def _status_bar(d: Drawing, statuses: Sequence[RatingStatus], y: float, hatch: str) -> None:
    """One block an element, the rated ones first."""
    order = [RatingStatus.RATED, RatingStatus.UNPLACED, RatingStatus.UNKNOWN, RatingStatus.NOT_APPLICABLE]
    step = d.width / max(1, len(statuses))
    gap = 2.0 if step > 8 else 0.5
    for i, status in enumerate(sorted(statuses, key=order.index)):
        fill, stroke = {
            RatingStatus.RATED: ("--accent", "none"),
            RatingStatus.UNPLACED: ("none", "--unplaced-ink"),
            RatingStatus.UNKNOWN: (hatch, "none"),
            RatingStatus.NOT_APPLICABLE: ("--na", "none"),
        }[status]
        d.rect(i * step + 0.5, y, step - gap, 11, r=2, fill=fill, stroke=stroke, extra=' stroke-dasharray="3 2"')
