"""What is released: the wheel with all its data, the import contracts, no machine of ours in any file, every version pinned."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pipeline_support import ROOT, clean_environment

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def tracked() -> list[Path]:
    """Files under version control; skips where this is no checkout."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


# ---------------------------------------------------------------- the wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout without network."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    (made,) = out.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel is installed, without its dependencies."""
    target = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-compile",
        "--target",
        str(target),
        str(wheel),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return target


def test_the_wheel_holds_data_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {n.split("/")[0] for n in names}
    assert {t for t in tops if not t.endswith(".dist-info")} == {"assistant"}
    assert "assistant/extraction/heads/john-2025.npz" in names
    assert "assistant/templates/report.html.j2" in names
    for folder in ("prompts", "frameworks", "transcripts"):
        ours = {p.relative_to(ROOT).as_posix() for p in (ROOT / folder).rglob("*") if p.is_file() and "__pycache__" not in p.parts}
        assert {f"assistant/_data/{n}" for n in ours} == {n for n in names if n.startswith(f"assistant/_data/{folder}/")}
    assert not [n for n in names if n.endswith((".pyc", ".sqlite3", ".tsv"))]


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
    text = archive.read(name).decode()
    assert "Name: mlops-interview-assistant" in text
    assert "Requires-Python: >=3.11" in text
    required = {
        canonicalize_name(Requirement(line[15:]).name)
        for line in text.splitlines()
        if line.startswith("Requires-Dist:") and "extra ==" not in line
    }
    assert required == {canonicalize_name(Requirement(d).name) for d in PROJECT["dependencies"]}
    (entry,) = (n for n in archive.namelist() if n.endswith("entry_points.txt"))
    assert "assistant = assistant.cli:main" in archive.read(entry).decode()


LOAD_EVERYTHING = """
import json
from pathlib import Path
import assistant
from assistant.extraction import heads
from assistant.frameworks import list_frameworks, load_benchmarks, load_framework
from assistant.prompts import load_prompt
from assistant.resources import resource_dir
from assistant.transcripts import read_transcript
prompts = sorted(p.relative_to(resource_dir("prompts")) for p in resource_dir("prompts").rglob("v*.md"))
print(json.dumps({
    "where": str(Path(assistant.__file__).parent),
    "data": [str(resource_dir(n)) for n in ("prompts", "frameworks", "transcripts")],
    "frameworks": [load_framework(i).hash for i in list_frameworks()],
    "benchmarks": len(load_benchmarks()),
    "prompts": [load_prompt(str(p.parent), int(p.stem[1:])).hash for p in prompts],
    "transcripts": sorted(read_transcript(p).id for p in resource_dir("transcripts").iterdir() if p.name != "README.md"),
    "heads": heads.load(heads.heads_path("john-2025")).digest,
}))
"""


def everything(package: Path, cwd: Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", LOAD_EVERYTHING],
        cwd=cwd, env=clean_environment() | {"PYTHONPATH": str(package)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_installed_elsewhere_it_loads_all_its_data(installed: Path, tmp_path: Path) -> None:
    found, here = everything(installed, tmp_path), everything(ROOT, tmp_path)
    assert found.pop("where") == str(installed / "assistant")
    assert found.pop("data") == [str(installed / "assistant" / "_data" / n) for n in ("prompts", "frameworks", "transcripts")]
    assert here.pop("where") == str(ROOT / "assistant")
    here.pop("data")
    assert found == here
    assert len(found["frameworks"]) >= 5  # type: ignore[arg-type]
    assert len(found["transcripts"]) == 7  # type: ignore[arg-type]
    assert found["prompts"]


def test_installed_elsewhere_it_codes_and_reports(installed: Path, tmp_path: Path) -> None:
    sample = installed / "assistant" / "_data" / "transcripts" / "f-gaming.md"
    environment = clean_environment() | {"PYTHONPATH": str(installed), "ASSISTANT_DATA_DIR": str(tmp_path / "data")}
    for command in (
        ["code", str(sample), "--out", "coded"],
        ["score", "coded", "--accept", "all", "--out", "a.json"],
        ["report", "a.json", "--out", "r.html"],
    ):
        code = "from assistant.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code, *command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "r.html").stat().st_size > 20_000


# ---------------------------------------------------------------- contracts


def test_imports_go_one_way() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


# ---------------------------------------------------------------- nothing of our machines

HOME = "|".join(("root", "home/[a-z]", "Users/[A-Za-z]", "work/", "opt/"))
PRIVATE = {
    "a path of one machine": re.compile(rf"(?<![\w.:/}}~-])/(?:{HOME})"),
    "a folder of one machine": re.compile(r"\b[A-Z]:\\\\?Users\\\\?\w\w"),
    "a package registry": re.compile(
        r"\bpythonhosted\.org|\bpypi\.org|-(?:index-url|find-links)\b|https?://[^\s/]*(?:artifactory|nexus|pypi|mirror)", re.IGNORECASE
    ),
}  # fmt: skip
ALLOWED = {"tests/test_package.py"}


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = []
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        data = path.read_bytes()
        # Invented speech may name whatever it likes.
        if name in ALLOWED or path.suffix == ".tsv" or b"\0" in data[:8000]:
            continue
        for n, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
            found += [f"{name}:{n}: {what}: {line.strip()[:100]}" for what, pattern in PRIVATE.items() if pattern.search(line)]
    assert found == []


def test_the_patterns_find_what_they_should() -> None:
    hits = [
        "see /work/main/x",
        "'/root/.venv'",
        "(/home/ann/a)",
        "open('/opt/wheels')",
        r"C:\Users\ann",
        "https://pypi.org/simple",
        "--index-url x",
    ]
    misses = [
        "../shared/formats",
        "/usr/bin/env",
        "~/work/",
        "a/work/b",
        "https://doi.org/opt/x",
        "docs.pytest.org",
        "/tmp/x",
        "Artifactory, Nexus",
    ]
    for text in hits:
        assert any(p.search(text) for p in PRIVATE.values()), text
    for text in misses:
        assert not any(p.search(text) for p in PRIVATE.values()), text


# ---------------------------------------------------------------- versions


@cache
def pins() -> dict[str, str]:
    """Constraints by canonical name."""
    found = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            match = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([0-9][0-9A-Za-z.+!-]*)", line.strip())
            assert match, f"not a pin: {line}"
            name = canonicalize_name(match[1])
            assert name not in found, f"pinned twice: {name}"
            found[name] = match[2]
    return found


def test_constraints_pin_and_name_no_host() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert "@" not in text
    assert len(pins()) > 50


REQUIRED = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]


@pytest.mark.parametrize("requirement", REQUIRED)
def test_every_dependency_is_pinned_to_a_version_that_fits(requirement: str) -> None:
    wanted = Requirement(requirement)
    version = pins().get(canonicalize_name(wanted.name))
    assert version is not None, f"{wanted.name} is not in constraints.txt"
    assert wanted.specifier.contains(version), f"{wanted.name} {version} does not fit {wanted.specifier}"


def test_what_the_dependencies_need_is_pinned_too() -> None:
    """Over all that is installed for them here, for this Python and system."""
    missing: set[str] = set()
    todo, seen = [Requirement(r) for r in REQUIRED], set()
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        key = (name, tuple(sorted(requirement.extras)))
        if key in seen:
            continue
        seen.add(key)
        if name not in pins():
            missing.add(name)
        try:
            needs = metadata.distribution(name).requires or []
        except metadata.PackageNotFoundError:
            continue
        for text in needs:
            need = Requirement(text)
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in (requirement.extras or {""})):
                todo.append(need)
    assert missing == set()
