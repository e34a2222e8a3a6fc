"""Maturity frameworks as data: YAML or spreadsheet -> :class:`assistant.models.Framework`, checked.

    load_framework("john-2025")          one that ships with the product, by id
    load_framework("my-model.yaml")      a file: .yaml, .yml, .xlsx, .csv or .tsv
    list_frameworks()                    ids of those that ship, the default first
    validate("my-model.yaml")            every problem of a file at once
    read_sheet("my-model.xlsx")          a sheet, with id, title and citation of one's own
    to_yaml(framework)                   the file format, to save and edit
    load_benchmarks("john-2025")         published practice profiles to set an assessment beside

Modules: ``document`` (file -> plain data with places), ``schema`` (keys and types), ``checks`` (what refers to what),
``build`` (data <-> Framework), ``sheet`` (spreadsheet -> data), ``library`` (the functions above), ``benchmarks``.
"""

from assistant.frameworks.benchmarks import list_benchmarks, load_benchmark, load_benchmarks
from assistant.frameworks.build import to_yaml
from assistant.frameworks.checks import probe_faults
from assistant.frameworks.library import DEFAULT, list_frameworks, load_framework, read_sheet, validate

__all__ = [
    "DEFAULT",
    "list_benchmarks",
    "list_frameworks",
    "load_benchmark",
    "load_benchmarks",
    "load_framework",
    "probe_faults",
    "read_sheet",
    "to_yaml",
    "validate",
]
