"""A day that is over for the reader and not where it counts, or the other way round, says so for both zones."""

from __future__ import annotations

import pytest

from alerts.core.messages import Medium
from alerts.rendering.renderer import Renderer
from tests.rendering.reminder_factories import NEW_YORK, at, single

SEOUL = "Asia/Seoul"


@pytest.mark.parametrize("medium", ["mail", "post"])
@pytest.mark.parametrize(
    ("zones", "now", "expected"),
    [
        # In Seoul the 10th is over at 15:00 UTC, in New York at 05:00 UTC of the 11th.
        ((NEW_YORK, SEOUL), "2025-11-10T16:00", "already over in Asia/Seoul, ends in America/New_York on Tue 11 Nov"),
        ((SEOUL, NEW_YORK), "2025-11-10T16:00", "not over in America/New_York yet, ended in Asia/Seoul on Mon 10 Nov"),
        (("AoE", SEOUL), "2025-11-10T16:00", "already over in Asia/Seoul, ends everywhere on earth on Tue 11 Nov"),
        ((SEOUL, NEW_YORK), "2025-11-10T14:00", None),
        ((SEOUL, NEW_YORK), "2025-11-11T06:00", None),
        ((SEOUL, SEOUL), "2025-11-10T16:00", None),
    ],
)
def test_a_day_that_is_over_in_one_zone_only_says_so(
    renderer: Renderer, medium: Medium, zones: tuple[str, str], now: str, expected: str | None
) -> None:
    zone, reader = zones
    deadline, stated = ("2025-11-10 AoE", None) if zone == "AoE" else ("2025-11-10", zone)
    asked = single(deadline, "on_the_day", reader=reader, now=at(now), zone=stated)
    message, error = renderer.render(asked, medium)
    assert error is None
    said = " ".join(f"{message.text} {message.post}".split())
    assert (" over in " in said) == (expected is not None)
    assert expected is None or expected in said
