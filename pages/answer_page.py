"""The page behind an answer link, for its pictures: of one commitment of the seed, on a fixed day."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from alerts.core.answer_links import AnswerLink, AnswerLinks, fill, key_id_of, placeholder
from alerts.core.messages import Message
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.settings import load_settings
from alerts.web.answer_pages import AnswerPages
from alerts.web.link_visits import LinkVisits
from alerts.web.services import open_services

HTTP = 'http: {public_url: "http://127.0.0.1:8080", answers: {allow: [acknowledge, note, move, close]}}\n'
SHEET = '<link rel="stylesheet" href="/static/page.css">'


def answer_page(folder: Path, database: str, now: datetime, key: str) -> str:
    """Return the HTML of a page, with its style sheet in it. The database has the commitment of that key."""
    (folder / "http.yaml").write_text(HTTP)
    settings = load_settings(folder, database, {})
    services = open_services(settings, lambda: now)
    store, signing = services.store, services.keys
    store.watches.register(settings.rules, now)
    mail = {"mail": _Mail()}
    plan(store, ScheduledRule.all(settings.rules), mail, now)  # type: ignore[arg-type]  # what planning reads of it
    sent = store.outbox.claim("mail", now, 1, timedelta(minutes=1))[0]
    link = AnswerLink(key_id=key_id_of(signing[0]), delivery=sent.id, commitment_id=store.commitments.find(key).id)
    text = AnswerLinks("", link.key_id).url(sent.id, link.commitment_id)
    store.outbox.keep({sent.id: (sent.fence, Message(subject="", text=text, rendered_at=now), None)})
    token = fill(f"/a/{placeholder(link)}", sent.id, signing).removeprefix("/a/")
    html = AnswerPages(LinkVisits(services)).show(token, "").html
    store.close()
    return html.replace(SHEET, f"<style>{services.pages.source('page.css')}</style>")


class _Mail:
    """What planning asks of a channel."""

    one_at_a_time, default = False, False
    recipients = ("desk@localhost",)
