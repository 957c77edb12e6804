"""What happens to a database of each version: its files, its commands, and when a reader finds it.

Every command is one that the version has; what came with a later schema says with which (`since`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LOADED, FIRST, ANSWERED = "2025-10-28T09:00Z", "2025-10-31T12:00Z", "2025-10-31T13:00Z"
REFUSED = "2025-11-03T12:00Z"  # nothing posted is accepted
URGENT, KILLED = "2025-11-03T12:00:01Z", "2025-11-03T12:00:02Z"  # something is added; amid a post
LATER, LATEST = "2025-11-03T14:00Z", "2025-11-03T14:01Z"  # the version that is tested takes over
CHANNELS = """
channels:
  chat: {{kind: webhook, url: "http://127.0.0.1:{port}/hook", timeout: 5}}
  box: {{kind: maildir, path: mail, to: [desk@example.org]{default}}}
"""
PEOPLE = """
people:
  - {key: ann, name: Ann, email: ann@example.org}
  - {key: bo, name: Bo, email: bo@example.org}
"""
RULES = """
rules:
  - {name: leads, cron: "0 9 * * *", match: {}, digest: false, notify: [chat],
     remind: {before: [P7D, P3D], on_the_day: true, overdue: {every: P1D, at_most: 3}, moved: true, closed: true}}
  - {name: mails, cron: "0 9 * * *", match: {tags: [office]}, digest: false, notify: [box],
     remind: {before: [P7D, P3D], on_the_day: true}}
"""
COMMITMENTS = """
commitments:
  - {key: report, title: Report to the board, deadline: 2025-11-06, tags: [office]}
  - {key: answer, title: Answer to the board, deadline: P4D after report}
  - {key: invoice, title: Pay the invoice, deadline: 2025-11-10, tags: [office]}
  - {key: filing, title: File the return, deadline: 2025-10-30, priority: high}
  - {key: licence, title: Renew the licence, deadline: 2025-11-05}
  - {key: lease, title: End of the lease, deadline: undated}
"""
ADDED = """
commitments:
  - {key: repair, title: Repair of the lift, deadline: 2025-11-05}
  - {key: alarm, title: Test of the alarm, deadline: 2025-11-05}
"""
SINCE = {  # the schema whose version reads it first
    3: "  - {key: visit, title: Visit of the auditors, deadline: 2025-11-04/2025-11-07}\n",
    5: '  - {key: status, title: Weekly status, deadline: "every FREQ=WEEKLY from 2025-11-03"}\n',
    6: "  - {key: owned, title: What Ann owns, deadline: 2025-11-04, owner: ann, tags: [office]}\n",
}


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the program, and the first schema whose version has it."""

    words: tuple[str, ...]
    since: int = 1


ANSWERS = (
    Command(("ack", "filing")),
    Command(("close", "licence", "--as", "fulfilled", "--because", "it is renewed")),
    Command(("move", "report", "2025-11-08", "--because", "the board meets later")),
    Command(("snooze", "invoice", "--until", "2025-11-02", "--for-all"), since=14),
    Command(("away", "ann", "--from", "2025-11-03", "--until", "2025-11-05", "--to", "bo"), since=21),
    Command(("silence", "add", "--match", "tags=office", "--until", "2025-11-02", "--reason", "a move"), since=22),
)


def commands(schema: int) -> list[tuple[str, ...]]:
    """Return what is done before posts are refused, in order."""
    answers = [(*one.words, "--at", ANSWERED) for one in ANSWERS if one.since <= schema]
    return [("load", "register.yaml", "--at", LOADED), ("tick", "--at", FIRST), *answers]


def write_files(folder: Path, schema: int, port: int) -> None:
    """Write the configuration, whose posts go to that port, and the register."""
    config = folder / "config"
    config.mkdir()
    owned = schema >= 6
    channels = CHANNELS.format(port=port, default=", default: true" if owned else "")
    rules = RULES.replace("[box]", "[box, owner]") if owned else RULES
    (config / "alerts.yaml").write_text(channels + (PEOPLE if owned else ""), encoding="utf-8")
    (config / "rules.yaml").write_text(rules, encoding="utf-8")
    more = (entry for since, entry in SINCE.items() if since <= schema)
    (folder / "added.yaml").write_text(ADDED, encoding="utf-8")
    (folder / "register.yaml").write_text(COMMITMENTS + "".join(more), encoding="utf-8")
