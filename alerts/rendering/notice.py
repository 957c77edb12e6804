"""What operators are told when deliveries fail. No template: it must get out when templates are what fails."""

from __future__ import annotations

from datetime import datetime

from alerts.core.notifications import Message, Notice, Trouble
from alerts.core.posts import Post, plain_sections
from alerts.rendering.saying import clean, flat, row, shorten, utc

SHOWN = 20  # of what fails together, so many are described
ABOUT = 3  # of a digest's words, so many are named
_STATES = {
    "dead": "dead, tried no more",
    "sent": "sent in a simpler form",
    "superseded": "overtaken by a later word before it got through",
}
_FAILING = "still being tried"


def notice(told: Notice, form: str, now: datetime) -> Message:
    """Say what failed, why, what it was about, and what can be typed. Never raises."""
    subject = _subject(told)
    text = _text(told)
    body: dict[str, object] | None = None
    if form == "json":
        troubles = [one.to_json() for one in told.troubles]
        data = {"summary": subject, "text": text, "troubles": troubles, "more": told.more}
        body = {"type": "operator.notice", "timestamp": utc(now), "data": data}
    post = None
    if form == "post":
        post = Post(title=subject, sections=plain_sections(text), urgency="trouble", more="alerts deliveries")
    return Message(subject=subject, text=text, body=body, rendered_at=now, post=post)


def _subject(told: Notice) -> str:
    dead = sum(one.state == "dead" for one in told.troubles)
    plain = sum(one.state == "sent" for one in told.troubles)
    late = len(told.troubles) - dead - plain
    counts = ((dead, "dead"), (late, "late"), (plain, "sent in a simpler form"))
    said = ", ".join(f"{count} {what}" for count, what in counts if count)
    more = f", {told.more} more" if told.more else ""
    one = told.troubles[0].channel if len({one.channel for one in told.troubles}) == 1 else ""
    return shorten(flat(clean(f"Alerts that do not get through{one and f' via {one}'}: {said}{more}")), 120)


def _text(told: Notice) -> str:
    shown = told.troubles[:SHOWN]
    parts = [_lines(one) for one in shown]
    if hidden := len(told.troubles) - len(shown) + told.more:
        parts.append(f"… and {hidden} more: alerts deliveries")
    parts.append(
        "\n".join(
            (
                row("alerts deliveries --state dead", "See them"),
                row("alerts retry ID", "Try again"),
                row("alerts dismiss ID", "Let go"),
            )
        )
    )
    return "\n\n".join(parts) + "\n"


def _lines(one: Trouble) -> str:
    about = ", ".join(one.about[:ABOUT]) + (f" and {len(one.about) - ABOUT} more" if len(one.about) > ABOUT else "")
    to = f"{one.channel} to {one.recipient}" if one.recipient else one.channel
    said = [
        row(flat(clean(to)), str(one.id)[:8]),
        row(_STATES.get(one.state, _FAILING), "State"),
        row(flat(clean(one.error)), "Error"),
        row(flat(clean(about)), "About") if about else "",
        row(flat(clean(", ".join(one.instead))), "Told via") if one.instead else "",
    ]
    return "\n".join(filter(None, said))
