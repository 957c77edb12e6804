"""The folder of configuration: which one it is, and what its files state together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alerts import shipped
from alerts.deadlines.errors import InputError
from alerts.strict_yaml.yaml_events import Places, read


def settings_folder(config: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the folder that `load_settings` reads. Raises InputError where there is none."""
    return find_folder(config, environ)[0]


def find_folder(config: Path | None, environ: Mapping[str, str]) -> tuple[Path, bool]:
    """Return the folder to read, and whether it is the shipped one for want of another. Raises InputError."""
    named = config or (Path(environ["ALERTS_CONFIG"]) if environ.get("ALERTS_CONFIG") else None)
    if named is None and not Path("config").is_dir():
        return shipped.folder("config"), True
    folder = named or Path("config")
    if not folder.is_dir():
        by = "" if config else " (named by ALERTS_CONFIG)"
        raise InputError(f"{folder}: there is no such folder of configuration{by}")
    return folder, False


def read_folder(folder: Path) -> tuple[dict[str, Any], dict[str | int, Places]]:
    """Return the top-level keys of all files of a folder, and where each stands. Dot files are left out.

    Raises InputError, a line for each file that cannot be read or states what another states.
    """
    try:
        names = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from None
    errors = [f"{path}: is not read: rename it to {path.stem}.yaml" for path in names if path.suffix == ".yml"]
    paths = [path for path in names if path.suffix == ".yaml"]
    if not paths and not errors:
        raise InputError(f"{folder}: holds no *.yaml file: expected alerts.yaml with `channels:` at least")
    data: dict[str, Any] = {}
    places: dict[str | int, Places] = {}
    for path in paths:
        try:
            stated, lines = read(path)
        except InputError as error:
            errors.append(str(error))
            continue
        for key, value in stated.items():
            if key in data:
                first = places[key].at((key,)).removesuffix(": ")
                errors.append(f'{lines.at((key,))}the key "{key}" is in two files, first at {first}')
            else:
                data[key], places[key] = value, lines
    if errors:
        raise InputError("\n".join(errors))
    return data, places
