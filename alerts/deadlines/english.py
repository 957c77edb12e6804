"""The English of deadlines: each table says what a phrase means. Another language is another file like this one.

Phrases are in lower case, without full stops and commas.
"""

from __future__ import annotations

from alerts.deadlines.terms import Unit
from alerts.deadlines.wording import WEEKDAY_NAMES

_MONTH_NAMES = ("january february march april may june july august september october november december").split()
MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
MONTHS |= {name[:3]: number for name, number in MONTHS.items()} | {"sept": 9}

WEEKDAYS = {name.lower(): number for number, name in enumerate(WEEKDAY_NAMES)}
WEEKDAYS |= {name[:3]: number for name, number in WEEKDAYS.items()} | {"tues": 1, "thur": 3, "thurs": 3}

_ONES = "one two three four five six seven eight nine".split()
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
NUMBERS = {name: number for number, name in enumerate(_ONES, 1)}
NUMBERS |= {
    name: number
    for number, name in enumerate(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), 10
    )
}
NUMBERS |= _TENS | {
    f"{tens}-{name}": _TENS[tens] + number for tens in _TENS for name, number in list(NUMBERS.items())[:9]
}
NUMBERS |= {"a": 1, "an": 1}

POSITIONS = {
    name: number
    for number, name in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split(), 1
    )
} | {"last": -1, "final": -1, "penultimate": -2, "second-to-last": -2, "next-to-last": -2, "third-to-last": -3}

# Units of durations, with how many of the unit of ISO 8601 they are.
UNITS = {
    "year": ("Y", 1), "years": ("Y", 1), "month": ("M", 1), "months": ("M", 1), "quarter": ("M", 3),
    "quarters": ("M", 3), "week": ("W", 1), "weeks": ("W", 1), "fortnight": ("W", 2), "fortnights": ("W", 2),
    "day": ("D", 1), "days": ("D", 1), "hour": ("H", 1), "hours": ("H", 1), "minute": ("I", 1), "minutes": ("I", 1),
    "second": ("S", 1), "seconds": ("S", 1),
}  # fmt: skip
CALENDAR_DAY = ("calendar", "consecutive")  # before `days`: what they are anyway
BUSINESS_DAY = ("business", "working")  # before `days`

PERIODS: dict[str, Unit] = {
    "day": "day", "week": "week", "month": "month", "quarter": "quarter", "half": "half-year",
    "half-year": "half-year", "year": "year",
}  # fmt: skip
FISCAL_PERIODS: dict[str, Unit] = {
    "quarter": "fiscal quarter", "half": "fiscal half-year", "half-year": "fiscal half-year", "year": "fiscal year",
}  # fmt: skip
CALENDAR_PERIOD = "calendar"  # before `month`, `quarter`, `year`: what they are anyway

# What starts a deadline, and what it means. `before` leaves the day itself out.
OPENINGS = {
    **dict.fromkeys(("by", "by no later than", "no later than", "not later than", "on or before", "before or on",
                     "at the latest", "at the latest by", "at the latest on", "latest by", "latest on", "due by",
                     "no later than by", "by the latest on"), "by"),
    **dict.fromkeys(("until", "till", "through", "up to and including", "until and including", "through to"), "until"),
    **dict.fromkeys(("after", "following", "later than", "until after", "subsequent to"), "after"),
    **dict.fromkeys(("before", "prior to", "earlier than"), "before"),
    **dict.fromkeys(("from", "on or after", "as of", "as from", "starting", "starting on", "not before", "not until",
                     "not earlier than", "no earlier than", "at the earliest", "at the earliest on", "effective",
                     "from and including", "beginning on"), "from"),
    **dict.fromkeys(("on", "in", "during", "due", "due on", "at", "sometime in"), "on"),
    **dict.fromkeys(("between", "any time between"), "between"),
    **dict.fromkeys(("within", "in the space of"), "within"),
    "undated": "undated", "every": "every", "each": "every",
    **dict.fromkeys(("earlier", "the earlier"), "earlier"),
    **dict.fromkeys(("later", "the later"), "later"),
}  # fmt: skip
# What ends a deadline, and what it means.
ENDINGS = {
    **dict.fromkeys(("at the latest", "or earlier", "or before", "or sooner", "latest"), "by"),
    **dict.fromkeys(("at the earliest", "or later", "or after", "onwards", "onward"), "from"),
    "inclusive": "inclusive",
}
# Before a duration: which side of the shifted day is meant, `after` a base and `before` it.
LIMITS = {
    **dict.fromkeys(("at least", "not less than", "no less than", "no fewer than", "not fewer than",
                     "a minimum of"), ("from", "by")),
    **dict.fromkeys(("at most", "not more than", "no more than", "up to", "a maximum of"), ("by", "from")),
    **dict.fromkeys(("more than", "over"), ("after", "before")),
    **dict.fromkeys(("less than", "fewer than", "under"), ("before", "after")),
}  # fmt: skip
# Between a duration and what it counts from.
DIRECTIONS = {
    **dict.fromkeys(("after", "following", "from", "since", "past"), "after"),
    **dict.fromkeys(("before", "prior to", "ahead of", "preceding"), "before"),
}
WITHIN = {"of": "after", **DIRECTIONS}  # `within D of X` counts from X on
CLEAR = ("clear",)  # before `days`: the day at either end does not count
# After a duration or its base: how days are counted.
COUNTED_BY = ("counted by", "counted under", "computed under", "under", "according to", "in accordance with",
              "pursuant to")  # fmt: skip
EXCLUDING = ("excluding", "not counting", "disregarding", "leaving out")
COUNTING_STARTS = tuple(dict.fromkeys(phrase.split()[0] for phrase in (*COUNTED_BY, *EXCLUDING)))
SERVED_BY = ("served by", "received by")
THROUGH = ("to", "through", "until", "-", "–")  # between the first and the last day that does not count
COUNTING_RULES = {
    **dict.fromkeys(("eu 1182/71", "regulation 1182/71", "regulation no 1182/71", "1182/71",
                     "regulation ( eec , euratom ) no 1182/71"), "EU 1182/71"),
    **{f"{name} 6{part}": rule for name in ("frcp", "frcp rule", "fed r civ p") for part, rule in
       (("", "FRCP 6"), (" ( a )", "FRCP 6"), (" by mail", "FRCP 6 by mail"), (" ( d )", "FRCP 6 by mail"))},
    **dict.fromkeys(("cpr 2.8", "cpr rule 2.8"), "CPR 2.8"),
    "clear days": "clear days",
    **{name: f"ISDA {roll}" for roll in ("following", "modified following", "preceding") for name in
       (f"isda {roll}", f"isda {roll} convention", f"{roll} business day convention",
        f"isda {roll} business day convention")},
}  # fmt: skip
THEN = ("then", "plus")  # between two durations that are counted one after the other
AND = ("and", "nor more than", "and not more than", "and no more than", "but not more than", "but no more than",
       "and at most")  # between the two ends of a window  # fmt: skip
TO = ("to", "until", "till", "through", "-", "–")  # between the first and the last day of a window
FILLERS = ("the", "on", "at")  # before a date
EACH = tuple(f"{each}{of}" for each in ("each", "every") for of in ("", " occurrence of", " renewal of", " date of"))
EACH_PERIOD = ("each", "every")  # before `quarter`: all of them
CLOSE_OF_PERIOD = ("close of", "the close of")  # before `each quarter`
PERIOD_END = "-end"  # after `each quarter`, joined or as a word of its own
DAY_OF = ("date of", "day of", "day on which")  # of a commitment: its civil day
FALLS = ("falls", "occurs", "lies", "ends", "is")  # after `the month in which X`

WHICHEVER = {
    **dict.fromkeys(("whichever is earlier", "whichever is the earlier", "whichever is sooner", "whichever comes first",
                     "whichever occurs first", "whichever is first"), "earlier"),
    **dict.fromkeys(("whichever is later", "whichever is the later", "whichever comes last", "whichever occurs last",
                     "whichever is last"), "later"),
}  # fmt: skip

BEGINNINGS = {"beginning": "start", "start": "start", "mid": "middle", "middle": "middle", "end": "end"}
VAGUE = {
    **dict.fromkeys(("early", "late"), "does not say which days: write a day, or two with `between`"),
    **dict.fromkeys(("spring", "summer", "autumn", "fall", "winter"),
                    "is a season, and nobody says when it begins: write months, as in `March 2027`"),
}  # fmt: skip
QUARTERS = {"quarter": "Q", "half": "H", "half-year": "H"}
WEEK = ("week", "calendar week")
FISCAL = ("fiscal", "financial")  # before `year`, `quarter`, `Q2`: of the party who owes it
FISCAL_YEAR = ("fy", "fiscal year", "financial year", "fiscal", "financial")

# Series: how often, and how it starts and ends.
FREQUENCIES = {
    "day": "DAILY", "days": "DAILY", "week": "WEEKLY", "weeks": "WEEKLY", "month": "MONTHLY", "months": "MONTHLY",
    "quarter": "QUARTERLY", "quarters": "QUARTERLY", "year": "YEARLY", "years": "YEARLY",
}  # fmt: skip
FREQUENCY_WORDS = {
    "daily": ("DAILY", 1), "weekly": ("WEEKLY", 1), "fortnightly": ("WEEKLY", 2), "monthly": ("MONTHLY", 1),
    "quarterly": ("QUARTERLY", 1), "half-yearly": ("MONTHLY", 6), "semi-annually": ("MONTHLY", 6),
    "semiannually": ("MONTHLY", 6), "yearly": ("YEARLY", 1), "annually": ("YEARLY", 1), "biennially": ("YEARLY", 2),
}  # fmt: skip
TWICE_OR_EVERY_TWO = {
    "biweekly": ("twice a week", "every 2 weeks"),
    "bi-weekly": ("twice a week", "every 2 weeks"),
    "bimonthly": ("twice a month", "every 2 months"),
    "bi-monthly": ("twice a month", "every 2 months"),
    "biannually": ("twice a year", "every 2 years"),
    "bi-annually": ("twice a year", "every 2 years"),
}
EACH_OTHER = ("other",)  # `every other week`: every 2 weeks
WORKWEEK = ("weekday", "weekdays")  # Monday to Friday
STARTING = ("from", "starting", "starting on", "starting from", "beginning", "beginning on", "as of")
AFTER = ("after", "following")  # without the day from which a series counts
ANNIVERSARY = ("anniversary", "anniversaries")
LAST_DONE = ("after it was last done", "after it was last completed", "after last done", "after the last completion",
             "after the last time it was done", "since it was last done", "after it was done last")  # fmt: skip
FIRST_DUE = ("first due", "first due on", "first on", "first")  # before the first date of such a series
THEREAFTER = ("thereafter", "after that", "afterwards")
UNTIL = ("until", "till", "through")
TIMES = ("times", "time")

NOON = "noon"
MIDNIGHT = "midnight"
WHOLE_DAY = ("end of day", "end of the day", "eod", "end of day on", "end of the day on", "eod on", "close of day")
CLOSE_OF_BUSINESS = ("close of business", "close of play", "end of business", "end of business day", "cob", "eob")
HOURS = ("hrs", "hours", "h", "o'clock")  # after a time of day

UNDATED_PHRASES = {
    **dict.fromkeys(("tbd", "tba", "tbc", "to be decided", "to be determined", "to be announced", "to be confirmed",
                     "to be agreed", "to be defined", "to be set"), "to be decided"),
    **dict.fromkeys(("none", "no date", "no deadline", "no end", "no end date", "no expiry", "open-ended", "open ended",
                     "indefinite", "indefinitely", "until further notice",
                     "perpetual", "unlimited", "not applicable"), "explicitly none"),
    **dict.fromkeys(("unknown", "not known", "not stated", "not specified", "unspecified", "no date stated",
                     "not available"), "not stated"),
}  # fmt: skip
# What has several readings, or none that is a date; each with what could be meant.
_THREE = "`undated` (not stated), `undated (tbd)` (to be decided) or `undated (none)` (it has none)"
_DEPENDS = "depends on the day on which it is read: write the date, such as 2027-03-31"
REFUSED = {
    **dict.fromkeys(("n/a", "na", "n.a"), "can mean `not applicable` or `not available`: write `undated (none)` or "
                                          "`undated`"),
    **dict.fromkeys(("ongoing", "continuous", "continuing", "rolling", "open", "-", "--", "?", "various"),
                    f"can mean three things: write {_THREE}"),
    **dict.fromkeys(("asap", "as soon as possible", "immediately", "immediate", "promptly", "without delay",
                     "without undue delay", "urgent", "forthwith"),
                    f"states no date: write the date by which it must be done, or {_THREE}"),
    **dict.fromkeys(("today", "tomorrow", "tonight", "yesterday", "next week", "next month", "next quarter",
                     "next year", "this week", "this month", "this quarter", "this year", "end of month",
                     "end of the month", "end of quarter", "end of the quarter", "end of year", "end of the year",
                     "eom", "eoq", "eoy", "year end", "year-end", "month end", "month-end", "end of week",
                     "end of the week", "next business day", "now"), _DEPENDS),
    **{f"{which} {day}": _DEPENDS for which in ("next", "this", "coming") for day in WEEKDAYS},
    **dict.fromkeys(WEEKDAYS, _DEPENDS),
}  # fmt: skip
