"""The body of a webhook: for one release, old keys stand next to the new ones and hold the same."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.rendering.renderer import Renderer
from tests.channels.cases import CASES

OLD_KEYS = {"basis": "explanation", "speaks_next": "next_alert_at", "standing": "status_text", "ask": "to_do"}
SAME_COUNTS = ("rule", "firing", "until", "late_seconds", "due", "overdue", "not_listed")
OLD_COUNTS = {
    "past_their_date": "overdue_other",
    "without_a_date": "undated",
    "acknowledged": "acknowledged_or_snoozed",
}


def data_of(renderer: Renderer, case: str) -> Any:
    message, error = renderer.render(CASES[case], "json")
    assert error is None
    return message.body and message.body["data"]


@pytest.mark.parametrize("case", ["before", "moved", "closed", "digest", "summary", "instead"])
def test_each_reminder_has_the_old_keys_and_the_new_ones(renderer: Renderer, case: str) -> None:
    for reminder in data_of(renderer, case)["reminders"]:
        assert {old: reminder[old] for old in OLD_KEYS} == {old: reminder[new] for old, new in OLD_KEYS.items()}


def test_the_text_of_a_window_has_both_names(renderer: Renderer) -> None:
    (reminder,) = data_of(renderer, "moved")["reminders"]
    for side in ("before", "after"):
        assert reminder["change"][side]["words"] == reminder["change"][side]["text"]


def test_a_fallback_has_both_names(renderer: Renderer) -> None:
    data = data_of(renderer, "instead")
    assert data["instead_of"] == data["fallback_for"]
    assert data["fallback_for"]["channel"] == "desk-mail"


def test_a_summary_has_the_old_counts_and_the_new_ones(renderer: Renderer) -> None:
    data = data_of(renderer, "summary")
    old, new = data["of"], data["summary_of"]
    assert set(old) == {*SAME_COUNTS, *OLD_COUNTS}
    assert set(new) == {*SAME_COUNTS, *OLD_COUNTS.values()}
    assert all(old[name] == new[name] for name in SAME_COUNTS)
    assert all(old[name] == new[OLD_COUNTS[name]] for name in OLD_COUNTS)


def test_a_notice_has_both_names(renderer: Renderer) -> None:
    data = data_of(renderer, "notice")
    (old,), (new,) = data["troubles"], data["failures"]
    assert old == {**new, "instead": new["fallback_channels"]}
    assert list(new["fallback_channels"]) == ["policy-chat"]
