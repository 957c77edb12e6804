"""Messages about a series as a whole: the dates that they name, and what they say has changed."""

from __future__ import annotations

from alerts.core.tracked import Occurrence, Revision
from alerts.rendering.renderer import Renderer
from tests.rendering.reminder_factories import NEW_YORK, at, bounds_of, single
from tests.rendering.test_template_sentences import flat, rendered

WEEKLY = "every FREQ=WEEKLY;BYDAY=MO from 2025-11-03"


def moved(renderer: Renderer, after: str, occurrences: dict[str, Occurrence]) -> tuple[str, str]:
    """Return the subject and the text of a message about a series that counts from another, which has changed."""
    known = [{"review": bounds_of(review, NEW_YORK)} for review in (WEEKLY, after)]
    before, now = (bounds_of("P3D after review", NEW_YORK, one) for one in known)
    change = Revision(
        number=2,
        what="moved",
        recorded_at=at("2025-11-02T10:00"),
        recorded_by="maria",
        cause="review",
        before=before,
        after=now,
    )
    tracked = {"occurrences": occurrences}
    message = rendered(renderer, single(kind="moved", change=change, bounds=now, tracked=tracked))
    return message.subject, flat(message.text)


def test_the_next_date_is_that_of_an_occurrence_where_it_was_moved_to(renderer: Renderer) -> None:
    own = {"2025-11-03": Occurrence(bounds=bounds_of("2025-11-12", NEW_YORK), stated_at=at("2025-11-01T10:00"))}
    subject, text = moved(renderer, f"{WEEKLY} except 2025-12-01", own)
    assert subject == "Moved, next Wed 12 Nov: Trade truce"
    assert "next: Wed 12 Nov 2025, Thu 13 Nov 2025, Thu 20 Nov 2025" in text


def test_an_occurrence_that_is_done_is_not_the_next(renderer: Renderer) -> None:
    subject, _ = moved(renderer, f"{WEEKLY} except 2025-12-01", {"2025-11-03": Occurrence(status="fulfilled")})
    assert subject == "Moved, next Thu 13 Nov: Trade truce"


def test_a_series_that_is_stated_as_before_has_other_occurrences(renderer: Renderer) -> None:
    _, text = moved(renderer, f"{WEEKLY} except 2025-12-01", {})
    changed = "Its occurrences have changed: 3 days after each occurrence of review, next: Thu 6 Nov 2025"
    assert changed in text
    assert "because review changed. Recorded by maria" in text
    assert "before: 3 days" not in text
    assert "Moved from" not in text
