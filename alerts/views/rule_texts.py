"""What a rule does, in plain text: when it alerts, how often its cron looks, of what, and for whom."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alerts.core.envelopes import MAX_SINGLE_ALERTS
from alerts.core.rules import DEFAULT_RULE, Overdue, Rule
from alerts.deadlines.durations import Duration, parse_lead

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
SHORT = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS = {"key": "key", "kind": "kind", "tags": "tag", "priority": "priority", "by": "by", "to": "to", "owner": "owner"}
DAY = re.compile(r"([a-z]{3}|[0-7])(?:-([a-z]{3}|[0-7]))?", re.ASCII)
NUMBER = re.compile(r"\d{1,2}", re.ASCII)


def describe_moments(rule: Rule) -> list[str]:
    """Return a line for each moment at which a rule alerts: `ahead of the date: 7 days and 1 day before`."""
    return list(_moments(rule))


def _moments(rule: Rule) -> Iterator[str]:
    remind = rule.remind
    if remind.before:
        yield f"ahead of the date: {_listed([parse_lead(one).to_text for one in remind.before])} before"
    if remind.opens:
        yield "when its time begins"
    if remind.on_the_day:
        yield "on the day"
    if remind.overdue:
        yield f"while overdue: {_repeats(remind.overdue)}"
    if remind.review:
        yield f"under review, or without a date: {_every(remind.review)}"
    if remind.moved:
        yield "when its date is moved"
    if remind.closed:
        yield "when it is closed or reopened"
    if remind.unanswered:
        again = f", then {_every(remind.unanswered.every)}" if remind.unanswered.every else ""
        yield f"when nobody has answered an alert for {Duration.parse(remind.unanswered.after).to_text}{again}"
    if rule.summary:
        yield f"a summary of what falls due within {Duration.parse(rule.summary).to_text}"


def describe_match(rule: Rule) -> str:
    """Return which commitments a rule is about: `tag filing or review; owner ann`."""
    if rule.name == DEFAULT_RULE:
        return "all that no other rule matches"
    parts = [f"{FIELDS.get(what, what)} {' or '.join(values)}" for what, values in rule.match.items()]
    return "; ".join(parts) or "all commitments"


def describe_cron(cron: str) -> str | None:
    """Return when a cron fires: `Monday to Friday at 09:00`. None for one that would take too long to say."""
    minute, hour, day, month, weekday = cron.lower().split()
    at = _clock(minute, hour)
    if at is None or month != "*":
        return None
    if day != "*":
        if weekday != "*" or not (day == "last" or NUMBER.fullmatch(day)):
            return None
        return f"on the last day of each month {at}" if day == "last" else f"on day {int(day)} of each month {at}"
    days = "every day" if weekday == "*" else _weekdays(weekday)
    if days is None:
        return None
    return at if days == "every day" and at.startswith("every") else f"{days} {at}"


def describe_gathering(rule: Rule) -> str:
    """Return how the alerts of a rule are put into messages."""
    if not rule.sends_alerts:
        return "one message for each summary"
    return {
        None: f"one message for each alert; more than {MAX_SINGLE_ALERTS} at once come as one",
        True: "all alerts of one time in one message",
        False: "one message for each alert",
    }[rule.digest]


def _repeats(overdue: Overdue) -> str:
    begins = "" if not Duration.parse(overdue.after) else f"from {Duration.parse(overdue.after).to_text} after it on, "
    text = begins + _every(overdue.every)
    if overdue.at_most is None:
        return f"{text} until it is closed or acknowledged"
    times = "once" if overdue.at_most == 1 else f"{overdue.at_most} times"
    return f"{text}, {times}, then {_every(overdue.then)}"


def _every(duration: str) -> str:
    """Return `every day` or `every 7 days`."""
    text = Duration.parse(duration).to_text
    return f"every {text.removeprefix('1 ')}" if text.count(" ") == 1 else f"every {text}"


def _clock(minute: str, hour: str) -> str | None:
    if (minute, hour) == ("*", "*"):
        return "every minute"
    if hour == "*" and NUMBER.fullmatch(minute):
        return "every hour" if int(minute) == 0 else f"every hour, {int(minute)} minutes past"
    if found := re.fullmatch(r"\*/(\d{1,2})", minute):
        return f"every {int(found[1])} minutes" if hour == "*" and 60 % max(int(found[1]), 1) == 0 else None
    if not NUMBER.fullmatch(minute) or not all(map(NUMBER.fullmatch, hour.split(","))):
        return None
    return "at " + _listed([f"{int(one):02}:{int(minute):02}" for one in hour.split(",")])


def _weekdays(field: str) -> str | None:
    spans = [DAY.fullmatch(part) for part in field.split(",")]
    texts = []
    for span in spans:
        if span is None:
            return None
        first, last = (one and _weekday(one) for one in span.groups())
        texts.append(f"{first} to {last}" if last else str(first))
    return f"{texts[0]}s" if len(texts) == 1 and " " not in texts[0] else _listed(texts)


def _weekday(text: str) -> str:
    return WEEKDAYS[int(text) % 7 if text.isdigit() else SHORT.index(text)]


def _listed(texts: list[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(texts[:-1])] * (len(texts) > 1) + texts[-1:])
