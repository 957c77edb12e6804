"""A critical priority is named in each message, not only shown by a colour, an icon or a mark."""

from __future__ import annotations

import re
from typing import Any

import pytest

from alerts.rendering.renderer import Renderer
from tests.rendering.reminder_factories import notification, single, told

CRITICAL: dict[str, Any] = {"priority": "critical"}


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2, "contrast ratio")."""

    def luminance(colour: str) -> float:
        channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def html_of(renderer: Renderer, asked: Any) -> str:
    message, error = renderer.render(asked, "mail")
    assert error is None
    return message.html or ""


@pytest.mark.parametrize("medium", ["text", "mail", "post"])
@pytest.mark.parametrize("priority", ["low", "normal", "high", "critical"])
def test_one_alert_names_it_first(renderer: Renderer, medium: Any, priority: str) -> None:
    message, _ = renderer.render(single(commitment={"priority": priority}), medium)
    assert message.text.startswith("Critical priority\n") == (priority == "critical")
    if medium == "mail":
        assert message.html
        assert message.html.count(">Critical priority<") == (priority == "critical")
    closed = single(kind="closed", commitment={"priority": priority, "status": "fulfilled"})
    assert "Critical" not in renderer.render(closed, medium)[0].text


@pytest.mark.parametrize("medium", ["text", "mail", "post"])
def test_a_digest_names_each(renderer: Renderer, medium: Any) -> None:
    keys = [("a", "normal"), ("b", "critical"), ("c", "critical")]
    asked = notification(*(told(commitment={"key": key, "title": f"The {key}", "priority": of}) for key, of in keys))
    message, error = renderer.render(asked, medium)
    assert error is None
    assert message.text.count("Critical · ") == 2
    if medium == "mail":
        assert message.html
        assert message.html.count(">Critical</span>") == 2
        assert ">2 critical deadlines<" in message.html


def test_the_bar_that_names_it_is_readable_light_and_dark(renderer: Renderer) -> None:
    for kind, deadline in (("before", "2025-11-10"), ("on_the_day", "2025-11-03"), ("overdue", "2025-10-30"),
                           ("review", "undated"), ("before", "2026-05-10"), ("moved", "2025-11-10")):  # fmt: skip
        html = html_of(renderer, single(deadline, kind, commitment=CRITICAL))
        bar = re.search(r'class="pad (fill-\w+) on-fill" bgcolor="(#\w+)"[^>]*color:(#\w+);"', html)
        assert bar
        assert contrast(bar[2], bar[3]) >= 4.5
        dark = re.search(rf"\.{bar[1]}\b[^{{]*{{ background: (#\w+)", html)
        on_it = re.search(r"\.on-fill { color: (#\w+)", html)
        assert dark
        assert on_it
        assert contrast(dark[1], on_it[1]) >= 4.5
