"""Templates of one's own: what `alerts preview` shows of them, and what `alerts check` finds wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from alerts.channels import KINDS
from tests.cli.conftest import CONFIG, NOW, Alerts

URL = "http://127.0.0.1:9/hook"
OPTIONS: dict[str, dict[str, object]] = {
    "apprise": {"url": "json://localhost/hook"},
    "console": {},
    "email": {"from": "alerts@example.org", "to": ["desk@example.org"], "smtp": {"host": "127.0.0.1", "port": 9}},
    "maildir": {"path": "mail", "to": ["you@localhost"]},
    "pagerduty": {"url": URL, "routing_key": "0" * 32},
}
MAILS = ("email", "maildir")
TEXTS = ("console", *MAILS)


def configure(home: Path, **more: object) -> None:
    stated = yaml.safe_load(CONFIG) | more
    (home / "config/alerts.yaml").write_text(yaml.safe_dump(stated))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_channel_shows_what_it_would_send(kind: str, loaded: Alerts, home: Path) -> None:
    way = {"kind": kind, **OPTIONS.get(kind, {"url": URL})}
    configure(home, channels=yaml.safe_load(CONFIG)["channels"] | {"way": way})
    said = loaded("preview", "desk", "summit", "--at", NOW, "--channel", "way")
    assert (said.code, said.err) == (0, "")
    assert "The summit" in said.out
    assert said.out.startswith("Subject: ") or json.loads(said.out)
    assert said.out.startswith("Subject: ") == (kind in TEXTS)


@pytest.mark.parametrize("kind", MAILS)
def test_the_html_of_a_mail_can_be_piped(kind: str, loaded: Alerts, home: Path) -> None:
    way = {"kind": kind, **OPTIONS[kind]}
    configure(home, channels=yaml.safe_load(CONFIG)["channels"] | {"way": way})
    said = loaded("preview", "desk", "summit", "--at", NOW, "--channel", "way", "--html", "-")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("<!DOCTYPE html>\n")
    assert said.out.endswith("</html>\n")


OWN = [
    (
        "email/reminder.html",
        "{% block footer %}{{ t.rul }}{% endblock %}",
        "line 2: 'alerts.rendering.template_facts.Facts",
    ),
    ("email/reminder.html", "{% block to_do %}{{ t.note[0] }}{% endblock %}", "line 2: None has no element 0"),
    ("email/reminder.html", "{% block fotter %}x{% endblock %}", "line 2: shipped/email/reminder.html has no block"),
    ("email/reminder.html", "{% block footer %}", "line 2: "),
    ("email/digest.html", "{% block timeline %}{{ t.key }}{% endblock %}", "line 2: 'None' has no attribute 'key'"),
    ("email/digest.html", "{% block items %}{{ html.chart(digest) }}{% endblock %}", "line 2: "),
    ("chat/reminder.jinja", "{% block ledger %}Ours{% endblock %}", "the text “Ours” is outside of line("),
    ("chat/digest.jinja", "{% block commands %}{{ line(digest.cuont) }}{% endblock %}", "line 2: "),
    ("chat/reminder.html", "{% block ledger %}<ul></ul>{% endblock %}", "its output is no post: line "),
    ("chat/digest.html", "{% block commands %}<p>{{ digest.cuont }}</p>{% endblock %}", "line 2: "),
    ("chat/digest.html", "{% block comands %}<p></p>{% endblock %}", "line 2: shipped/chat/digest.html has no block"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "says"), OWN)
def test_a_block_of_ones_own_that_fails_is_found(name: str, text: str, says: str, alerts: Alerts, home: Path) -> None:
    configure(home, templates="mine")
    path = home / "config" / "mine" / name
    path.parent.mkdir(parents=True)
    path.write_text(f'{{% extends "shipped/{name}" %}}\n{text}')
    said = alerts("check", "--at", NOW)
    assert said.code == 1
    assert f"template {name}: {says}" in said.err
