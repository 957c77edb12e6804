"""A stored deadline as people read it: without durations and rules of the standards."""

from __future__ import annotations

import re
from functools import lru_cache

from alerts.deadlines.done_series import describe_last_done
from alerts.deadlines.durations import Duration
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import AfterDone, Every
from alerts.deadlines.grammar import parse
from alerts.deadlines.rule_parts import describe_months, describe_rule
from alerts.deadlines.stated_dates import CivilDay, WallTime

DURATION = re.compile(r"(?<![^\s(])P[0-9T][0-9A-Z]*(?= (?:after|before|of|\())", re.ASCII)


@lru_cache(maxsize=4096)
def deadline_in_words(text: str) -> str:
    """Return a deadline in words: `by 30 days after X`; a text that is no deadline stays as it is.

    What does not recur reads back as the same deadline.
    """
    try:
        found = parse(text)
    except InputError:
        return text
    if isinstance(found, AfterDone):
        return f"{describe_last_done(found.lead)}, from {durations_in_words(str(found.start))}"
    if not isinstance(found, Every):
        return durations_in_words(str(found))
    left_out = f" except {', '.join(found.without)}" if found.without else ""
    return f"{_rule_in_words(found)}, {found.direction} {durations_in_words(str(found.start))}{left_out}"


def durations_in_words(text: str) -> str:
    """Return a deadline in its canonical form with its durations in words."""
    return DURATION.sub(lambda match: Duration.parse(match.group()).to_text, text)


def _rule_in_words(deadline: Every) -> str:
    if deadline.business_day:
        return describe_months(deadline.rule, deadline.business_day)
    match deadline.start:
        case CivilDay(date=start):
            return describe_rule(deadline.rule, start)
        case WallTime(wall=start):
            return describe_rule(deadline.rule, start)
    return describe_rule(deadline.rule, None)
