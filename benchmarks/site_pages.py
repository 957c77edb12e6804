"""Measures what the pages cost: CPU seconds and size of each, on a large register with years of deliveries.

`python -m benchmarks.site_pages` loads the register of `benchmarks.listings`, runs a tick, and writes what was sent.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from time import process_time

from rich.console import Console
from rich.table import Table
from starlette.requests import Request

from alerts.actions.edit import note
from alerts.clock import utc_now
from alerts.core.changes import Change
from alerts.settings import load_settings
from alerts.web.pages.due_index import due_index
from alerts.web.pages.page_routes import Show
from alerts.web.pages.site_pages import SitePages
from alerts.web.pages.visitors import AT_MACHINE
from alerts.web.services import Services, open_services
from benchmarks.figures import Figure, give
from benchmarks.listings import write_register
from benchmarks.sent_alerts import write_sent

PEOPLE = "people:\n" + "".join(
    f"  - {{key: p{n}, name: P {n}, email: p{n}@example.org, role: editor}}\n" for n in range(200)
)
CONFIGURATION = "channels:\n  desk: {{kind: maildir, path: {folder}/mail, to: [ann@example.org]}}\n"
LOADED_BEFORE = timedelta(days=30)
CHANGED = 300  # commitments, since the day that is asked for: of more, the page works out nothing
COMPARED = ("/", "/plan", "/c/c0", "/deliveries", "/people")  # whose figures `python -m benchmarks` compares one by one
STATES = ("pending", "sent", "dead", "bounced")
ANSWERS = (
    "acknowledge",
    "snooze+date&snooze_date=2099-01-01&past_due=yes",
    "assign&person=p7",
    "move&days=7",
    "close+fulfilled",
)
RULES = """rules:
  - {name: all, cron: "0 9 * * *", match: {}, notify: [desk],
     remind: {before: [P7D, P1D], on_the_day: true, overdue: true}}
  - {name: sums, cron: "0 9 * * *", match: {}, notify: [desk], summary: {horizon: P30D}}
http: {port: 8080}
"""


def asked(query: str = "", **path: str) -> Request:
    """Return a request for a page."""
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": query.encode()}
    return Request(scope | {"path_params": path})


def measured(show: Show, request: Request) -> tuple[float, int]:
    """Return the CPU seconds and the octets of a page."""
    began = process_time()
    body = show(request, AT_MACHINE).body
    return process_time() - began, len(body)


def listed(pages: SitePages) -> list[tuple[str, Show, Request]]:
    """Return the pages that are measured, in this order: what each is called, what shows it, and what it is asked."""
    picked = "&".join(f"pick=c{number}" for number in range(75))
    return [
        ("/, first", pages.due, asked()), ("/", pages.due, asked()),
        ("/?search=audit", pages.due, asked("search=audit")), ("/?page=100", pages.due, asked("page=100")),
        ("/plan, first", pages.plan, asked()), ("/plan", pages.plan, asked()),
        ("/deliveries", pages.deliveries, asked()),
        *((f"/deliveries?state={state}", pages.deliveries, asked(f"state={state}")) for state in STATES),
        ("/rules", pages.rules, asked()), ("/channels", pages.channels, asked()),
        ("/people", pages.people, asked()), ("/new", pages.new, asked()), ("/import", pages.imports, asked()),
        ("/preview, first", pages.preview, asked("rule=all&key=c0")),
        ("/preview", pages.preview, asked("rule=all&key=c0")),
        ("/preview of a summary", pages.preview, asked("rule=sums")),
        ("/c/c0", pages.commitment, asked(key="c0")), ("/c/c7, a series", pages.commitment, asked(key="c7")),
        ("/?as_of", pages.due, asked(f"as_of={(utc_now() - timedelta(days=2)).date()}")),
        ("/c/c0?as_of", pages.commitment, asked(f"as_of={utc_now().date()}", key="c0")),
        ("/several, 75", pages.several, asked(picked)),
        *((f"/several, 75, {what}", pages.several, asked(f"{picked}&choice={what}")) for what in ANSWERS),
    ]  # fmt: skip


def open_register(folder: Path, commitments: int) -> Services:
    """Load a register, run a tick, and return what pages and the API are answered from."""
    write_register(folder / "register.json", commitments)
    (folder / "alerts.yaml").write_text(CONFIGURATION.format(folder=folder) + PEOPLE + RULES)
    database = f"sqlite:///{folder}/alerts.db"
    loaded = (utc_now() - LOADED_BEFORE).isoformat()
    for command in (["load", f"{folder}/register.json", "--at", loaded], ["tick"]):
        line = [sys.executable, "-m", "alerts", "--config", str(folder), "--database", database, *command]
        subprocess.run(line, check=True, capture_output=True)
    return open_services(load_settings(folder, database, {}), utc_now)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commitments", type=int, default=20_000)
    parser.add_argument("--deliveries", type=int, default=100_000)
    chosen = parser.parse_args()
    table = Table(title=f"{chosen.commitments:,} commitments, {chosen.deliveries:,} deliveries")
    for heading in ("page", "CPU seconds", "octets"):
        table.add_column(heading, justify="left" if heading == "page" else "right")
    with tempfile.TemporaryDirectory() as name:
        services = open_register(Path(name), chosen.commitments)
        for number in range(CHANGED):
            note(services.store, f"c{number}", "Seen.", Change(now=utc_now(), by="benchmark"))
        write_sent(services.store, chosen.deliveries, chosen.commitments, utc_now())
        index = due_index(services)
        began = process_time()
        index.read_ahead()
        ahead = process_time() - began
        table.add_row("at the start, in the background", f"{ahead:.2f}", "")
        pages = SitePages(services, index)
        costs = {}
        for title, show, request in listed(pages):
            costs[title] = seconds, octets = measured(show, request)
            table.add_row(title, f"{seconds:.2f}", f"{octets:,}")
        services.store.close()
    Console(soft_wrap=True).print(table)
    size = f"{chosen.commitments:,} commitments"
    give(
        [
            Figure(f"read ahead, {size}", ahead),
            *(Figure(f"{title}, {size}", costs[title][0]) for title in COMPARED),
            Figure(f"all pages, {size}", sum(seconds for seconds, _ in costs.values())),
        ]
    )


if __name__ == "__main__":
    main()
