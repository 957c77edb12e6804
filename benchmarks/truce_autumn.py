"""`make demo`: replays the truce autumn of 2025 as a timeline, with its own database and a maildir.

The clock jumps from one alert to the next. Changes during the replay (a summit that is put off, a date that becomes
known) are invented; they show what moves with them. At the end it serves the pages of that database, whose clock stands
at the end of the replay, so that one can walk through the autumn day by day. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import mailbox
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import decode_header, make_header
from pathlib import Path
from socket import socket

from rich.console import Console
from rich.text import Text

from alerts import interchange, shipped
from alerts.actions.close import close
from alerts.actions.move import move
from alerts.cli.app import App
from alerts.core.changes import Change
from alerts.forecasting import forecast
from alerts.planning import plan
from alerts.startup import prepare
from alerts.turn_delivery import deliver
from alerts.web.http_server import listen, listener, serve
from alerts.web.services import open_services
from alerts.web.web_app import create_app

START, END = datetime(2025, 10, 28, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
FOLDER = Path("var/demo")
CONFIG = """
http: {bind: 127.0.0.1, port: %d}
channels:
  maildir: {kind: maildir, path: var/demo/mail, to: [desk@localhost], timezone: America/New_York}
"""


@dataclass(frozen=True)
class Entered:
    """A change during the replay: a new deadline, or the end (`deadline` is None)."""

    at: datetime
    key: str
    deadline: str | None
    why: str

    @property
    def command(self) -> str:
        what = f'move {self.key} "{self.deadline}"' if self.deadline else f"close {self.key} --as fulfilled"
        return f'alerts {what} --because "{self.why}"'


ENTERED = (
    Entered(datetime(2025, 10, 29, 8, tzinfo=UTC), "busan-summit", "2025-11-01", "put off by two days"),
    Entered(datetime(2025, 11, 3, 8, tzinfo=UTC), "rare-earth-delay", "P1Y after 2025-10-30", "its base was published"),
    Entered(datetime(2025, 11, 5, 8, tzinfo=UTC), "busan-summit", None, "it took place"),
    Entered(datetime(2025, 11, 12, 8, tzinfo=UTC), "tiktok-and-tech-decisions", None, "the decisions are known"),
)
out = Console(highlight=False)


def configuration(port: int) -> Path:
    """Return a configuration folder with the shipped rules, one maildir, and pages on a port."""
    folder = FOLDER / "config"
    folder.mkdir(parents=True)
    (folder / "alerts.yaml").write_text(CONFIG % port)
    rules = (shipped.folder("config") / "rules.yaml").read_text()
    (folder / "rules.yaml").write_text(rules.replace("[console, maildir]", "[maildir]"))
    return folder


def load(app: App) -> None:
    """Load the seed on the day of the brief."""
    read = interchange.read(shipped.folder("seeds") / "us-china-truce-2025.yaml")
    entries = list(read.entries)
    app.store.commitments.load(entries, read.parties, read.sources, Change(now=START, by="demo"))


def enter(app: App, entered: Entered) -> None:
    """Apply a change."""
    change = Change(now=entered.at, by="demo", reason=entered.why)
    if entered.deadline:
        move(app.store, entered.key, entered.deadline, change)
    else:
        close(app.store, entered.key, "fulfilled", change)


def moments(app: App) -> Iterator[datetime]:
    """Yield each instant with an alert or a change; each depends on the effects of the one before."""
    now = START
    yield now
    while True:
        planned = [one.reminder.send_at for one in forecast(app.store, app.rules, now, END)]
        entered = [entered.at for entered in ENTERED]
        coming = [at for at in (*planned, *entered) if at > now]
        if not coming or min(coming) >= END:
            return
        now = min(coming)
        yield now


def subjects(folder: Path, known: set[str]) -> list[str]:
    """Return the subjects of new mails."""
    box = mailbox.Maildir(folder, create=False)
    fresh = [key for key in box.keys() if key not in known]  # noqa: SIM118 # a Maildir iterates over messages
    known.update(fresh)
    return [str(make_header(decode_header(box[key]["Subject"]))) for key in fresh]


def replay(app: App) -> int:
    """Print each alert and each change of the autumn, and return how many mails there were."""
    out.rule("[bold]DEMO[/]: the truce autumn of 2025, replayed; nobody is notified")
    out.print(
        f"Ten commitments of a news brief, {START:%d %b %Y} to {END:%d %b %Y}, mailed to desk@localhost; times are UTC."
    )
    out.print("Changes (») are invented; they show what moves with them.\n", style="dim")
    load(app)
    clock = {"now": START}
    workers = app.workers(lambda: clock["now"])
    prepare(app.store, app.rules, START)
    known: set[str] = set()
    day = ""
    for now in moments(app):
        clock["now"] = now
        lines = []
        for entered in ENTERED:
            if entered.at == now:
                enter(app, entered)
                lines.append(Text(f"» {entered.command}", style="cyan"))
        plan(app.store, app.rules, app.channels, now)
        deliver(workers)
        lines += [Text(subject) for subject in subjects(FOLDER / "mail", known)]
        for line in lines:
            today = f"{now:%a %d %b %Y}"
            out.print(Text(f"{today if today != day else '':16}{now:%H:%M}  ", style="dim") + line, soft_wrap=True)
            day = today
    return len(known)


def serve_pages(app: App, sock: socket) -> None:
    """Serve the pages, with the clock at the end of the replay, until Ctrl-C."""
    port = sock.getsockname()[1]
    out.print(f"\nWalk through the autumn: [bold]http://127.0.0.1:{port}/?as_of={START:%Y-%m-%d}[/], and choose "
              "“Next change”. Ctrl-C ends it.", soft_wrap=True)  # fmt: skip
    services = open_services(app.settings, lambda: END)
    asyncio.run(serve([(listener(create_app(services)), sock)], asyncio.Event()))
    services.store.close()
    out.print("\nEnded. The database and the mails stay where they are.")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument(
        "--page", action=argparse.BooleanOptionalAction, default=sys.stdin.isatty() and sys.stdout.isatty(),
        help="serve the pages at the end, until Ctrl-C (else only where it runs in a terminal)",
    )  # fmt: skip
    chosen = parser.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    with listen("127.0.0.1", 0) as sock:
        app = App(configuration(sock.getsockname()[1]), f"sqlite:///{FOLDER}/alerts.db")
        mails = replay(app)
        out.print(f"\n{mails} mails to desk@localhost in {FOLDER}/mail: open them with any mail program,")
        out.print(f"such as `mutt -f {FOLDER}/mail`. The reason for each: "
                  f"`alerts --database sqlite:///{FOLDER}/alerts.db show truce-review`", soft_wrap=True)  # fmt: skip
        if chosen.page:
            serve_pages(app, sock)
        else:
            out.print("To walk through the autumn in a browser, day by day: `make demo ARGS=--page`")
    sys.exit(not mails)


if __name__ == "__main__":
    main()
