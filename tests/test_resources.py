"""Finding the data folders in a checkout and in an installed wheel."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.resources import PACKAGE, candidates, resource_dir, resource_file

ROOT = Path(__file__).resolve().parents[1]


def _file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")
    return path


def test_this_checkout_finds_its_own_frameworks() -> None:
    assert PACKAGE == ROOT / "assistant"
    assert resource_dir("frameworks") == ROOT / "frameworks"
    assert resource_file("frameworks", "benchmarks/john-2025-companies.yaml").is_file()


@pytest.mark.parametrize("name", ["prompts", "frameworks", "transcripts"])
def test_wheel_layout_is_found_and_wins_over_a_stranger_beside_the_package(tmp_path: Path, name: str) -> None:
    package = tmp_path / "site-packages" / "assistant"
    _file(tmp_path / "site-packages" / name / "stranger.yaml")
    assert resource_dir(name, package=package) == tmp_path / "site-packages" / name  # type: ignore[arg-type]
    _file(package / "_data" / name / "ours.yaml")
    assert resource_dir(name, package=package) == package / "_data" / name  # type: ignore[arg-type]


def test_files_in_subfolders_count(tmp_path: Path) -> None:
    _file(tmp_path / "assistant" / "_data" / "prompts" / "extract" / "v1.md")
    assert resource_dir("prompts", package=tmp_path / "assistant").name == "prompts"


def test_absent_folder_names_both_places_and_a_remedy(tmp_path: Path) -> None:
    package = tmp_path / "assistant"
    with pytest.raises(AssistantError) as caught:
        resource_dir("prompts", package=package)
    for place in candidates("prompts", package=package):
        assert str(place) in caught.value.message
    assert "'prompts'" in caught.value.message
    assert "reinstall" in caught.value.remedy


def test_empty_folder_is_no_data_and_does_not_hide_a_full_one(tmp_path: Path) -> None:
    package = tmp_path / "assistant"
    (package / "_data" / "prompts" / "extract").mkdir(parents=True)
    with pytest.raises(AssistantError, match="is empty"):
        resource_dir("prompts", package=package)
    _file(tmp_path / "prompts" / "v1.md")
    assert resource_dir("prompts", package=package) == tmp_path / "prompts"


def test_a_file_in_place_of_the_folder_is_not_a_folder(tmp_path: Path) -> None:
    _file(tmp_path / "prompts")
    with pytest.raises(AssistantError, match="no such folder"):
        resource_dir("prompts", package=tmp_path / "assistant")


@pytest.mark.parametrize("relative", ["../secret.txt", "a/../../secret.txt", "/etc/hostname"])
def test_a_file_outside_the_folder_is_refused(tmp_path: Path, relative: str) -> None:
    _file(tmp_path / "secret.txt")
    _file(tmp_path / "prompts" / "a" / "v1.md")
    with pytest.raises(AssistantError, match="outside"):
        resource_file("prompts", relative, package=tmp_path / "assistant")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    _file(tmp_path / "prompts" / "v1.md")
    with pytest.raises(AssistantError, match=r"v2\.md"):
        resource_file("prompts", "v2.md", package=tmp_path / "assistant")
    assert resource_file("prompts", "v1.md", package=tmp_path / "assistant") == tmp_path / "prompts" / "v1.md"


def test_an_installed_copy_loads_its_own_frameworks(tmp_path: Path) -> None:
    """As in a wheel: the package elsewhere, its data below ``_data``, no checkout around it."""
    package = tmp_path / "assistant"
    package.mkdir()
    for name in ("__init__.py", "models.py", "errors.py", "resources.py"):
        shutil.copy(PACKAGE / name, package / name)
    shutil.copytree(PACKAGE / "frameworks", package / "frameworks", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "frameworks", package / "_data" / "frameworks")
    code = (
        "import assistant.resources as r; from assistant.frameworks import *; "
        "print(r.resource_dir('frameworks')); print(*[load_framework(n).id for n in list_frameworks()]); print(len(load_benchmarks()))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    where, ids, benchmarks = run.stdout.splitlines()
    assert Path(where) == package / "_data" / "frameworks"
    assert ids.split() == ["john-2025", *sorted(p.stem for p in (ROOT / "frameworks").glob("*.yaml") if p.stem != "john-2025")]
    assert int(benchmarks) == len(list((ROOT / "frameworks" / "benchmarks").glob("*.yaml"))) > 0
