"""Charts of an assessment as SVG text: pure functions, no scripts, colours from `assistant.theme`.

    heat_map         elements x stages: where each element stands, on how much evidence, and what is open
    spider           stage by dimension, with the band that unknowns leave
    coverage_bars    how much of each dimension is rated
    practice_matrix  practice codes beside published companies

Every function takes ``width`` (the picture is drawn for it, so text keeps its size; under 520 the labels go above the rows), ``uid``
(prefix of its ids, unique in the page) and ``scheme`` (None: the page's theme rules, see `assistant.theme.css_variables`).
"""

from assistant.charts.coverage import coverage_bars
from assistant.charts.heat import heat_map
from assistant.charts.parts import short
from assistant.charts.practices import practice_matrix
from assistant.charts.spider import spider

__all__ = ["coverage_bars", "heat_map", "practice_matrix", "short", "spider"]
