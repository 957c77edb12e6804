"""What is killed: one turn after another of a small site, from its first start to a change of its rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.databases import Databases
from tests.faults.nursery import Nursery, Ran
from tests.faults.sinks import Sinks, open_sinks

CONNECTIONS = {"mail": 2, "chat": 4, "ops": 4, "events": 1}  # sends in flight, as each channel's `connections` has it
NOW, LATER, LAST = "2025-11-03T09:00:00Z", "2025-11-03T10:00:00Z", "2025-11-03T13:00:00Z"
IN_SILENCE, SILENT_UNTIL = "2025-11-03T11:00:00Z", "2025-11-03T12:00:00Z"
OWNED, AWAY, BACK = "2025-11-03T14:00:00Z", "2025-11-03T15:00:00Z", "2025-11-03T16:00:00Z"
CHANNELS = """
database: sqlite:////dev/null/named-on-the-command-line
channels:
  mail: {{kind: email, from: alerts@example.org, to: [desk@example.org], timeout: {timeout},
         smtp: {{host: 127.0.0.1, port: {smtp}, security: none}}}}
  chat: {{kind: webhook, url: "http://127.0.0.1:{http}/hook", timeout: {timeout}}}
"""
SUBSCRIBER = """channels:
  events: {{kind: webhook, url: "http://127.0.0.1:{http}/events", timeout: {timeout}, events: [all]}}
"""
FAILING = (
    CHANNELS
    + """
  gone: {{kind: email, from: alerts@example.org, to: [gone@example.org], timeout: {timeout},
         smtp: {{host: 127.0.0.1, port: {smtp}, security: none}}}}
  ops: {{kind: webhook, url: "http://127.0.0.1:{http}/ops", timeout: {timeout}}}
operators: [ops]
"""
)
RULES = {
    "before": """
rules:
  - {name: leads, cron: "* * * * *", match: {}, digest: false, remind: {before: [P7D], moved: true, closed: true},
     notify: [mail, chat]}
""",
    "after": """
rules:
  - {name: leads, cron: "0 * * * *", match: {}, digest: false, remind: {before: [P7D, P5D], moved: true},
     notify: [mail, chat]}
  - {name: more, cron: "0 * * * *", match: {tags: [more]}, digest: false, remind: {before: [P6D]}, notify: [chat]}
""",
}
RULES["failing"] = f"""{RULES["after"].rstrip()}
  - {{name: lost, cron: "0 * * * *", match: {{}}, digest: false, remind: {{before: [P10D]}},
     notify: [gone], fallback: chat}}
"""
RULES["silent"] = f"""{RULES["after"].rstrip()}
  - {{name: held, cron: "0 * * * *", match: {{}}, remind: {{before: [P9D]}}, notify: [mail, chat]}}
silences:
  - {{match: {{}}, from: "{NOW}", until: "{SILENT_UNTIL}", reason: "the office moves", by: desk}}
"""
PEOPLE = (
    FAILING.replace("to: [desk@example.org],", "to: [desk@example.org], default: true,")
    + """
people:
  - {{key: ann, name: Ann, email: ann@example.org}}
  - {{key: bo, name: Bo, email: bo@example.org, deputy: cy}}
  - {{key: cy, name: Cy, email: cy@example.org}}
  - {{key: dee, name: Dee, email: dee@example.org, deputy: bo, left: 2025-11-01}}
  - {{key: eli, name: Eli, email: eli@example.org, left: 2025-11-01}}
"""
)
RULES["people"] = (
    RULES["failing"]
    + """
  - {name: owners, cron: "0 * * * *", match: {tags: [owned]}, digest: false, remind: {before: [P8D, P7DT8H]},
     notify: [owner]}
"""
)


@dataclass(frozen=True, slots=True)
class Scene:
    """One command, and the configuration that it runs on."""

    name: str
    rules: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class World:
    """The scenes' files, the servers, and a nursery to run commands in."""

    folder: Path
    sinks: Sinks
    nursery: Nursery
    databases: Databases

    def scenes(self) -> list[Scene]:
        """What happens, in order; each begins with the database as the one before left it."""
        first, changed, owned = (str(self.folder / f"{name}.yaml") for name in ("first", "changed", "owned"))
        return [
            Scene("first start and load", "before", ("load", first, "--at", NOW)),
            Scene("tick", "before", ("tick", "--at", NOW)),
            Scene("load of changes", "after", ("load", changed, "--at", LATER)),
            Scene("tick on changed rules", "after", ("tick", "--take-over", "--at", LATER)),
            Scene("tick in a silence", "silent", ("tick", "--take-over", "--at", IN_SILENCE)),
            Scene("tick at the end of a silence", "silent", ("tick", "--take-over", "--at", SILENT_UNTIL)),
            Scene("tick with a dead recipient", "failing", ("tick", "--take-over", "--at", LAST)),
            Scene("load of what people own", "people", ("load", owned, "--at", OWNED)),
            Scene("absence", "people", ("away", "ann", "--from", AWAY, "--until", BACK, "--to", "bo", "--at", OWNED)),
            Scene("tick as an absence begins", "people", ("tick", "--take-over", "--at", AWAY)),
            Scene("tick as an absence ends", "people", ("tick", "--at", BACK)),
        ]

    def run(self, scene: Scene, url: str, die_at: int | str | None = None) -> Ran:
        config = str(self.folder / scene.rules)
        return self.nursery.run(["--config", config, "--database", url, *scene.command], die_at)


@contextmanager
def open_world(folder: Path, databases: Databases, commitments: int) -> Iterator[World]:
    """Write the configuration and the files, and start the servers."""
    with open_sinks() as sinks, Nursery(folder) as nursery:
        for name, rules in RULES.items():
            channels = {"failing": FAILING, "people": PEOPLE}.get(name, CHANNELS)
            channels = channels.replace("channels:\n", SUBSCRIBER)  # a change is told to it, whenever a turn is killed
            write_config(folder / name, sinks, rules, timeout=20, channels=channels)
        _write(folder / "first.yaml", commitments, moved=False)
        _write(folder / "changed.yaml", commitments, moved=True)
        _write_owned(folder / "owned.yaml")
        yield World(folder, sinks, nursery, databases)


def write_config(folder: Path, sinks: Sinks, rules: str, timeout: float, channels: str = CHANNELS) -> Path:
    """Write a folder of configuration whose channels lead to the sinks; returns it."""
    folder.mkdir()
    text = channels.format(smtp=sinks.smtp, http=sinks.http, timeout=timeout)
    (folder / "alerts.yaml").write_text(text, encoding="utf-8")
    (folder / "rules.yaml").write_text(rules, encoding="utf-8")
    return folder


def _write(path: Path, count: int, *, moved: bool) -> None:
    """Some commitments, the last of which hang on the one before them; in the changed file that one has moved."""
    lines, alone = ["commitments:"], count - count // 3
    for number in range(count):
        day = 7 + number % 2 + (moved and number == alone - 1)
        deadline = f"2025-11-{day:02}" if number < alone else f"P1D after item-{alone - 1}"
        tags = "[more]" if number % 5 == 0 else "[]"
        lines.append(f"  - {{key: item-{number}, title: Item {number}, deadline: {deadline}, tags: {tags}}}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_owned(path: Path) -> None:
    """Something for each of those who are there, go away or have left."""
    entries = [
        f"  - {{key: owned-{key}, title: Of {key}, deadline: 2025-11-11, tags: [owned], owner: {key}}}"
        for key in ("ann", "bo", "dee", "eli")
    ]
    path.write_text("\n".join(["commitments:", *entries]) + "\n", encoding="utf-8")
