"""The JSON of stored values: rows of earlier versions are read, and what is written stays as it was, byte for byte."""

from __future__ import annotations

import json

import pytest

from alerts.core.delivery_failures import DeliveryFailure, Notice
from alerts.core.rules import Rule

ID = "00000000-0000-0000-0000-000000000005"
FAILURE = (
    f'{{"id": "{ID}", "channel": "mail", "recipient": "desk@example.org", "state": "dead", "error": "550", '
    '"attempts": 2, "about": ["truce before"], "fallback_channels": ["chat"]}'
)
RULE = (
    '{"name": "desk", "cron": "0 9 * * 1-5", "timezone": "Asia/Seoul", "match": {"kind": ["obligation", "option"]}, '
    '"remind": {"before": ["P7D", "PT36H"], "on_the_day": true, "opens": false, "overdue": {"after": "P0D", '
    '"every": "P1D", "at_most": null, "then": "P7D"}, "moved": true, "review": null, "closed": false}, '
    '"notify": ["mail", "owner"], "digest": null, "fallback": "chat", "summary": null, "acknowledged_for": null}'
)


@pytest.mark.parametrize(
    ("kind", "stored"),
    [(DeliveryFailure, FAILURE), (Notice, f'{{"troubles": [{FAILURE}], "more": 3}}'), (Rule, RULE)],
    ids=["failure", "notice", "rule"],
)
def test_what_is_read_is_written_as_it_was(kind, stored):
    assert json.dumps(kind.from_json(json.loads(stored)).to_json()) == stored


def test_a_stored_rule_keeps_its_hash():
    assert Rule.from_json(json.loads(RULE)).hash == "683d45f0f3fab2b6"


def test_rows_of_earlier_versions_are_read():
    row = json.loads(FAILURE)
    row["instead"] = row.pop("fallback_channels")
    assert DeliveryFailure.from_json(row).fallback_channels == ("chat",)
    rule = {name: value for name, value in json.loads(RULE).items() if name not in ("summary", "acknowledged_for")}
    assert Rule.from_json(rule) == Rule.from_json(json.loads(RULE))
