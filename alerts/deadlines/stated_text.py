"""A stored deadline as people read it: without durations and rules of the standards."""

from __future__ import annotations

import re
from functools import lru_cache

from alerts.deadlines.durations import Duration
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import Every
from alerts.deadlines.grammar import parse
from alerts.deadlines.rule_parts import describe_months, describe_rule
from alerts.deadlines.stated_dates import CivilDay

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
    if not isinstance(found, Every):
        return DURATION.sub(lambda match: Duration.parse(match.group()).to_text, str(found))
    start = found.start
    if found.business_day:
        rule = describe_months(found.rule, found.business_day)
    else:
        rule = describe_rule(found.rule, start.date if isinstance(start, CivilDay) else start.wall)
    left_out = f" except {', '.join(found.without)}" if found.without else ""
    return f"{rule}, from {start}{left_out}"
