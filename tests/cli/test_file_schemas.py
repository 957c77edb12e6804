"""The JSON Schemas of files: they are up to date, they accept all that is shipped and documented, and no typos."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from itertools import chain
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from pages.schemas import made
from tests.cli.conftest import CONFIG, SEED, Alerts

ROOT = Path(__file__).parents[2]
SHIPPED = [*sorted((ROOT / "config").glob("*.yaml")), *sorted((ROOT / "seeds").glob("*.yaml"))]
NAMED = re.compile(r"# yaml-language-server: \$schema=(\S+)\n")
BLOCK = re.compile(r"^( *)```yaml\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
FREE = ("channels", "headers")  # mappings whose keys the user chooses
# Blocks without any of these keys are of other files: compose, Prometheus, the columns of a table.
SETTINGS = {"channels", "rules", "http", "silences", "people", "operators", "heartbeat", "default_notify", "database"}
COMMITMENTS = {"commitments", "parties"}


class Loader(yaml.CSafeLoader):
    """Reads YAML as editors do: a date is text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def read(text: str) -> Any:
    return yaml.load(text, Loader)  # a safe loader


def validator(name: str) -> jsonschema.Draft7Validator:
    schema = json.loads((ROOT / f"config/schemas/{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def problems(name: str, value: Any) -> list[str]:
    return [f"{list(error.absolute_path)}: {error.message}" for error in validator(name).iter_errors(value)]


def documented() -> Iterator[Any]:
    """Return each example of settings and of commitments in the documentation, with the schema for it."""
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for number, (indent, text) in enumerate(BLOCK.findall(path.read_text(encoding="utf-8"))):
            try:
                value = read(re.sub(rf"^{indent}", "", text, flags=re.MULTILINE))
            except yaml.YAMLError:  # an extract of a file
                continue
            keys = set(value) if isinstance(value, dict) else set()
            name = "commitments" if keys & COMMITMENTS else "config" if keys & SETTINGS else None
            if name and "services" not in keys:
                yield pytest.param(name, value, id=f"{path.name}-{number}")


DOCUMENTED = list(documented())


def test_the_files_are_what_the_models_make() -> None:
    assert {path: path.read_text(encoding="utf-8") for path in made()} == made(), "run `make docs`"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_file_names_its_schema_and_fits_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = NAMED.match(text)
    assert named, "an editor would not know its schema"
    schema = (path.parent / named[1]).resolve()
    assert schema in made()
    assert problems(schema.name.partition(".")[0], read(text)) == []


@pytest.mark.parametrize(("name", "value"), DOCUMENTED)
def test_an_example_of_the_documentation_fits(name: str, value: Any) -> None:
    assert problems(name, value) == []


def test_there_are_examples_of_both() -> None:
    assert {parameter.values[0] for parameter in DOCUMENTED} == {"config", "commitments"}
    assert len(DOCUMENTED) > 12


def renamed(value: Any, steps: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield a copy for each key with a typo in it."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            for at, other in renamed(one, (*steps, number)):
                yield at, [*value[:number], other, *value[number + 1 :]]
    if isinstance(value, dict):
        for key, one in value.items():
            if not steps or steps[-1] not in FREE:
                yield (*steps, key), {(f"{name}x" if name == key else name): other for name, other in value.items()}
            for at, other in renamed(one, (*steps, key)):
                yield at, {**value, key: other}


TYPED = {
    "config": [read((ROOT / "config/alerts.yaml").read_text()), read(CONFIG)],
    "rules": [read((ROOT / "config/rules.yaml").read_text())],
    "commitments": [read((ROOT / "seeds/us-china-truce-2025.yaml").read_text()), read(SEED)],
}


@pytest.mark.parametrize("name", TYPED)
def test_no_key_with_a_typo_fits(name: str) -> None:
    check = validator(name)
    mutated = list(chain.from_iterable(renamed(value) for value in TYPED[name]))
    assert len(mutated) > 10
    assert [at for at, value in mutated if check.is_valid(value)] == []


@pytest.mark.parametrize(
    ("name", "steps", "wrong"),
    [
        ("rules", ("rules", 0, "remind", "before"), "P7D"),
        ("rules", ("rules", 0, "remind", "on_the_day"), "maybe"),
        ("rules", ("rules", 0, "notify"), "console"),
        ("config", ("channels", "console", "kind"), "slakc"),
        ("commitments", ("commitments", 0, "priority"), "urgent"),
        ("commitments", ("commitments", 0, "kind"), "promise"),
        ("commitments", ("commitments", 0, "title"), 7),
    ],
)
def test_no_wrong_value_fits(name: str, steps: tuple[str | int, ...], wrong: Any) -> None:
    value = deepcopy(TYPED[name][0])
    inner = value
    for step in steps[:-1]:
        inner = inner[step]
    inner[steps[-1]] = wrong
    assert problems(name, value) != []


@pytest.mark.parametrize(
    ("entry", "fits"),
    [
        ("{key: a, title: A, deadline: 2027-03-31}", True),
        ("{key: a, title: A, deadline: 2027}", True),
        ("{key: a, title: A, renews: every year from 2026-07-01, notice: 90 days}", True),
        ("{key: a, title: A}", False),
        ("{key: a, title: A, notice: 90 days, deadline: 2027-03-31}", False),
        ("{key: a, title: A, deadline: 2027-03-31, renews: every year from 2026-07-01}", False),
    ],
)
def test_a_commitment_has_a_deadline_or_is_renewed(entry: str, fits: bool) -> None:
    assert (problems("commitments", {"commitments": [read(entry)]}) == []) == fits


def test_a_value_may_come_from_the_environment_or_from_a_file() -> None:
    for url in ("{env: SLACK}", "{file: /run/secrets/slack}"):
        assert problems("config", read(f"channels: {{a: {{kind: slack, url: {url}}}}}")) == []
    assert problems("config", read("channels: {a: {kind: slack, url: {enf: SLACK}}}")) != []


@pytest.mark.parametrize("name", ["config", "rules", "commitments"])
def test_the_command_prints_the_schema(name: str, alerts: Alerts) -> None:
    said = alerts("schema", name)
    assert said.code == 0
    assert said.json == json.loads((ROOT / f"config/schemas/{name}.schema.json").read_text(encoding="utf-8"))


def test_the_command_reads_no_settings(alerts: Alerts, home: Path) -> None:
    (home / "config/alerts.yaml").write_text("broken: [")
    assert alerts("schema", "rules").code == 0
