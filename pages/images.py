"""`make images`: pictures of the seed's mails in docs/images: light, dark and on a phone.

The pictures are the same bytes every time: the seed is loaded and viewed on fixed days.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from alerts import interchange, shipped
from alerts.cli.app import App
from alerts.core.answer_links import AnswerLinks
from alerts.core.changes import Change, StatedCommitment
from alerts.core.commitments import Person
from alerts.core.notifications import Notification, ReminderContext
from alerts.core.rules import Rule
from alerts.core.summaries import Scope
from alerts.forecasting import forecast
from pages.answer_page import answer_page
from pages.browser import browser, find
from pages.png import smaller
from pages.site_page import due_page, import_page, new_page

FOLDER = Path(__file__).parents[1] / "docs" / "images"
LOADED = datetime(2025, 10, 28, 9, tzinfo=UTC)
SHOWN = {"alert": datetime(2025, 11, 3, 14, tzinfo=UTC), "digest": datetime(2025, 10, 28, 14, tzinfo=UTC)}
SUMMED = datetime(2025, 11, 3, 13, tzinfo=UTC)  # Monday, 8:00 in New York
MONDAYS = Rule(name="mondays", cron="0 8 * * mon", timezone="America/New_York", summary="P60D")
OWNERS = tuple(Person(key=key, name=f"{key.title()} desk", email=f"{key}@example.org") for key in ("trade", "supply"))
ALONE = "truce-review"
READER = "America/New_York"
LINKS = AnswerLinks("https://alerts.example.org", bytes(4), ("acknowledge", "snooze", "note"))
LOOKS = {"": (700, False), "-dark": (700, True), "-narrow": (320, False)}
PAGE_LOOKS = {"": (320, False), "-dark": (320, True)}
SITE_LOOKS = {"": (1200, False), "-dark": (320, True)}
INTAKE_LOOKS = {"": (1200, False)}
PAGE_SHOWN = datetime(2025, 11, 14, 14, tzinfo=UTC)
AT_MOST = 200_000  # octets of a picture: a page with two of them must load fast on a phone
CHANNELS = "channels:\n  mail: {kind: maildir, path: mail, to: [desk@localhost]}\n"


def seeded_app(folder: Path) -> App:
    """Return an app with the shipped rules, a maildir channel and the seed."""
    (folder / "alerts.yaml").write_text(CHANNELS)
    rules = (shipped.folder("config") / "rules.yaml").read_text(encoding="utf-8")
    (folder / "rules.yaml").write_text(rules.replace("[console, maildir]", "[mail]"), encoding="utf-8")
    app = App(folder, f"sqlite:///{folder}/alerts.db")
    read = interchange.read(shipped.folder("seeds") / "us-china-truce-2025.yaml")
    entries = [
        StatedCommitment(replace(placed.commitment, owner=OWNERS[number % 2].key), placed.place)
        for number, placed in enumerate(read.entries)
    ]
    app.store.commitments.load(entries, read.parties, read.sources, Change(now=LOADED, by="desk"), people=OWNERS)
    return app


def next_reminders(app: App, now: datetime) -> list[ReminderContext]:
    """Return the next reminder of each commitment, with the time of the one after it."""
    parties, sources = app.store.ledger.parties(), app.store.ledger.sources()
    found: list[ReminderContext] = []
    for item in app.store.ledger.tracked():
        reminders = forecast(app.store, app.rules, now, now + timedelta(days=400), only=[item.id])
        first, second = [one for one in reminders if not one.reminder.catching_up][:2]
        about = item.commitment
        found.append(
            ReminderContext(
                reminder=replace(first.reminder, send_at=now),
                tracked=item,
                by=tuple(parties[one] for one in about.by),
                to=tuple(parties[one] for one in about.to),
                source=sources.get(about.source.key) if about.source else None,
                owner=next(one for one in OWNERS if one.key == about.owner),
                next_alert_at=second.reminder.send_at,
            )
        )
    return found


def mails() -> dict[str, str]:
    """Return the HTML of one alert, of a digest of all, and of a summary."""
    with tempfile.TemporaryDirectory() as folder:
        app = seeded_app(Path(folder))
        found = {}
        for name, now in SHOWN.items():
            contexts = next_reminders(app, now)
            if name == "alert":
                contexts = [one for one in contexts if one.tracked.commitment.key == ALONE]
            found[name] = html(app, notification_of(contexts, now))
        summary, summed = app.store.summaries.gather(Scope(rule=MONDAYS, firing=SUMMED), SUMMED)
        found["summary"] = html(app, replace(notification_of(summed, SUMMED), summary=summary))
        return found


def answer_pages() -> dict[str, str]:
    """Return the HTML of the page behind the link of one alert, a few days after its date."""
    with tempfile.TemporaryDirectory() as folder:
        app = seeded_app(Path(folder))
        return {"answer-page": answer_page(Path(folder), app.settings.database, PAGE_SHOWN, ALONE)}


def site_pages() -> dict[str, str]:
    """Return the HTML of the due page, a few days before the date of the truce."""
    with tempfile.TemporaryDirectory() as folder:
        app = seeded_app(Path(folder))
        return {"due-page": due_page(Path(folder), app.settings.database, SHOWN["alert"])}


def intake_pages() -> dict[str, str]:
    """Return the HTML of the pages that take in commitments, on the same day."""
    with tempfile.TemporaryDirectory() as folder:
        database = seeded_app(Path(folder)).settings.database
        pages = {"new-page": new_page, "import-page": import_page}
        return {name: page(Path(folder), database, SHOWN["alert"]) for name, page in pages.items()}


def notification_of(contexts: Iterable[ReminderContext], now: datetime) -> Notification:
    """Return a notification of these reminders to one reader."""
    return Notification(
        id=UUID(int=0), channel="mail", recipient="desk", zone=READER, contexts=tuple(contexts), now=now, links=LINKS
    )


def html(app: App, asked: Notification) -> str:
    """Return the HTML of a mail."""
    message, error = app.renderer.render(asked, "mail")
    if error or not message.html:
        raise RuntimeError(error)
    return message.html


def main() -> None:
    program = find()
    if program is None:
        sys.exit("make images: there is no Chromium on this machine: install one, or name it with CHROMIUM=/path/to/it")
    FOLDER.mkdir(parents=True, exist_ok=True)
    wrong = []
    with browser(program) as tab:
        pages = [*((one, LOOKS) for one in mails().items()), *((one, PAGE_LOOKS) for one in answer_pages().items())]
        pages += [(one, SITE_LOOKS) for one in site_pages().items()]
        pages += [(one, INTAKE_LOOKS) for one in intake_pages().items()]
        for (name, page), looks in pages:
            for look, (width, dark) in looks.items():
                taken, wide = tab.picture(page, width=width, dark=dark)
                png = smaller(taken)
                (FOLDER / f"{name}{look}.png").write_bytes(png)
                print(f"docs/images/{name}{look}.png: {len(png):,} octets")
                wrong += [f"{name}{look}: {wide} points wide in a window of {width}"] * (wide > width)
                wrong += [f"{name}{look}: larger than {AT_MOST:,} octets"] * (len(png) > AT_MOST)
    if wrong:
        sys.exit("make images: " + "; ".join(wrong))


if __name__ == "__main__":
    main()
