"""Finds the data folders that ship with the package: prompts, frameworks and sample transcripts.

    installed wheel   <site-packages>/assistant/_data/<name>/
    checkout          <root>/<name>/        beside the package

The wheel's place is looked at first: a checkout has no ``_data``, and a folder called ``frameworks`` beside an installed
package would be somebody else's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from assistant.errors import AssistantError

ResourceName = Literal["prompts", "frameworks", "transcripts"]
"""The data folders of a release."""

PACKAGE = Path(__file__).resolve().parent
"""Folder of the import package."""


def candidates(name: ResourceName, *, package: Path = PACKAGE) -> tuple[Path, Path]:
    """Where the folder may be, in the order in which it is looked for: the wheel's place, the checkout's place."""
    return package / "_data" / name, package.parent / name


def resource_dir(name: ResourceName, *, package: Path = PACKAGE) -> Path:
    """The folder ``name`` of this installation, as an absolute path.

    ``package`` is the folder of the import package (tests pass another). Raises AssistantError, naming every place looked
    at, where no such folder exists or it holds no files: a release that lost its data must not look like one without any.
    """
    places = candidates(name, package=package)
    empty = []
    for place in places:
        if place.is_dir():
            if any(path.is_file() for path in place.rglob("*")):
                return place
            empty.append(place)
    looked = " and ".join(str(place) for place in places)
    reason = f"the folder {empty[0]} is empty" if empty else f"no such folder (looked at {looked})"
    raise AssistantError(
        f"the data folder '{name}' of this installation is missing: {reason}",
        remedy="reinstall the package, or run it from a complete checkout",
    )


def resource_file(name: ResourceName, relative: str, *, package: Path = PACKAGE) -> Path:
    """The file ``relative`` (``/``-separated) inside the data folder ``name``.

    Raises AssistantError where it is absent or would lie outside the folder.
    """
    root = resource_dir(name, package=package)
    path = (root / relative).resolve()
    if not path.is_relative_to(root.resolve()):
        raise AssistantError(f"'{relative}' is outside the data folder '{name}'", remedy="name a file inside it, without '..'")
    if not path.is_file():
        raise AssistantError(f"the data file '{relative}' is not in {root}", remedy="reinstall the package, or check the name")
    return path
