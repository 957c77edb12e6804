"""`make lock`: writes `sbom.json`, which states what the image is made of (CycloneDX 1.6), from `requirements.lock`.

Which of the locked packages the program needs, and under which licence, their installed metadata say. What only a build
needs has the scope `excluded`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution, metadata
from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
FILE, LOCK = ROOT / "sbom.json", ROOT / "requirements.lock"
PROGRAM, EXTRA = "deadline-alerts", "postgres"  # what the image installs
PINNED = re.compile(r"^([\w.-]+)==([\w.!+-]+)", re.MULTILINE)
IMAGE = {  # whatever machine makes the file
    "python_version": "3.13",
    "python_full_version": "3.13.0",
    "implementation_name": "cpython",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
}
DATED = datetime(2026, 1, 1, tzinfo=UTC)  # the same lock makes the same file


def made() -> str:
    """Return what the file should have."""
    lock = LOCK.read_text(encoding="utf-8")
    needed = set(_needed(PROGRAM, EXTRA))
    license_ = [LicenseFactory().make_from_string("MIT")]
    program = Component(name=PROGRAM, type=ComponentType.APPLICATION, bom_ref=PROGRAM, licenses=license_)
    parts = [_component(name, version, needed) for name, version in PINNED.findall(lock)]
    bom = Bom(
        components=parts,
        serial_number=uuid5(NAMESPACE_OID, lock),
        metadata=BomMetaData(component=program, timestamp=DATED),
    )
    bom.register_dependency(program, [one for one in parts if one.scope is ComponentScope.REQUIRED])
    return json.dumps(json.loads(JsonV1Dot6(bom).output_as_string()), indent=1, ensure_ascii=False) + "\n"


def _component(name: str, version: str, needed: set[str]) -> Component:
    scope = ComponentScope.REQUIRED if canonicalize_name(name) in needed else ComponentScope.EXCLUDED
    return Component(
        name=name,
        version=version,
        bom_ref=f"{name}=={version}",
        scope=scope,
        purl=PackageURL("pypi", name=name, version=version),
        licenses=[LicenseFactory().make_from_string(text) for text in _licence(name)],
    )


def _licence(name: str) -> Iterator[str]:
    """Yield the licence that a package states: an SPDX expression, or else in its own words."""
    try:
        stated = metadata(name)
    except PackageNotFoundError:  # for another platform
        return
    if expressions := stated.get_all("License-Expression", []):
        yield from expressions
    elif found := [one.rpartition(":: ")[2] for one in stated.get_all("Classifier", []) if one.startswith("License ")]:
        yield from found[:1]
    else:
        yield from (text for text in stated.get_all("License", []) if "\n" not in text)


def _needed(name: str, *extras: str) -> Iterator[str]:
    """Yield what a package needs, and all that they need."""
    seen, waiting = set[str](), [(canonicalize_name(name), extras)]
    while waiting:
        package, wanted = waiting.pop()
        try:
            stated = distribution(package).requires or []
        except PackageNotFoundError:
            continue
        for line in stated:
            requirement = Requirement(line)
            environments = [IMAGE | {"extra": extra} for extra in ("", *wanted)]
            if requirement.marker and not any(map(requirement.marker.evaluate, environments)):
                continue
            found = canonicalize_name(requirement.name)
            if found not in seen or requirement.extras:
                seen.add(found)
                yield found
                waiting.append((found, tuple(requirement.extras)))


if __name__ == "__main__":
    FILE.write_text(made(), encoding="utf-8")
