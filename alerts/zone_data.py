"""The releases of the data behind deadlines: the zones that `zoneinfo` really reads, and the holidays."""

from __future__ import annotations

import hashlib
import re
import zoneinfo
from importlib import import_module
from pathlib import Path

from alerts.deadlines.business_days import data_release
from alerts.deadlines.zones import start_of_day, zone_info

EVERYWHERE = "Europe/London"  # every installation has this zone: it shows which folder is read
_VERSION = re.compile(r"(?:# version )?([12]\d{3}[a-z]+)\s")


def zone_data() -> str:
    """Return the release of the zone data in use (`2026b`), or a hash of it if no release is stated.

    `zoneinfo` reads the first folder of its path that has a zone, and the package tzdata only if none has. The version
    of that package therefore does not show what is read.
    """
    folder = next((Path(one) for one in zoneinfo.TZPATH if (Path(one) / EVERYWHERE).is_file()), None)
    if folder is None:
        return _of_package()
    for name in ("tzdata.zi", "+VERSION", "version"):
        try:
            with (folder / name).open(encoding="ascii") as file:
                found = _VERSION.match(file.readline().rstrip() + " ")
        except (OSError, UnicodeDecodeError):
            continue
        if found:
            return found[1]
    return f"content {_hash(folder)}"


def _of_package() -> str:
    try:
        return str(import_module("tzdata").IANA_VERSION)
    except ImportError:
        return "none"


def _hash(folder: Path) -> str:
    """Return a hash of all zones in a folder, about 600 small files."""
    digest = hashlib.sha256()
    for name in sorted(zoneinfo.available_timezones()):
        try:
            digest.update(name.encode() + b"\0" + (folder / name).read_bytes())
        except OSError:
            continue
    return digest.hexdigest()[:12]


def holidays_data() -> str:
    """Return the release of the holidays that business days use."""
    return data_release()


def read_anew() -> None:
    """Forget the zones in memory: their files may have changed."""
    zoneinfo.ZoneInfo.clear_cache()
    zone_info.cache_clear()
    start_of_day.cache_clear()


def is_newer(value: str, than: str) -> bool | None:
    """Return whether a release is newer than another one; None if that is unknown."""
    one, other = _order(value), _order(than)
    if one is None or other is None:
        return None if one is other else one is not None  # a known release goes before an unknown one
    return one > other


def _order(value: str) -> tuple[int, ...] | None:
    """Return the sort key of a release: `2026b` after `2026a`, `0.100` after `0.99`."""
    if re.fullmatch(r"\d{4}[a-z]+", value):
        return int(value[:4]), len(value) - 4, *map(ord, value[4:])
    if re.fullmatch(r"\d+(\.\d+)*", value):
        return tuple(int(part) for part in value.split("."))
    return None
