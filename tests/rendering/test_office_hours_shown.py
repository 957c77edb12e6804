"""What a reader is told who gets an alert outside their office hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.rendering.renderer import Renderer
from tests.rendering.reminder_factories import NOW, notification, told
from tests.rendering.test_deputy_messages import all_text

BEGIN = NOW + timedelta(days=2)
SAID = "Sent before your office hours begin ("


@pytest.mark.parametrize("medium", ["mail", "text", "post"])
@pytest.mark.parametrize("count", [1, 2])
def test_an_alert_that_does_not_wait_for_office_hours_says_so(renderer: Renderer, medium: str, count: int) -> None:
    items = [replace(told(), hours_begin=BEGIN), *[told()] * (count - 1)]
    text = all_text(renderer, notification(*items), medium)
    assert text.count(SAID) == 1 + (medium == "mail")
    assert "because the deadline passes before then." in text


@pytest.mark.parametrize("medium", ["mail", "text", "post"])
def test_one_that_is_tried_again_in_office_hours_does_not(renderer: Renderer, medium: str) -> None:
    assert SAID not in all_text(renderer, notification(replace(told(), hours_begin=NOW)), medium)
    assert SAID not in all_text(renderer, notification(told()), medium)
