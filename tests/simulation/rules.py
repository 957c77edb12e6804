"""Rules of every kind, at random."""

from __future__ import annotations

from random import Random

from tests.oracle.data import BusinessDays, Overdue, Rule
from tests.oracle.spans import Span
from tests.simulation.deadlines import ZONES

CRONS = (
    "0 9 * * *",
    "0 9 * * mon-fri",
    "30 1 * * *",
    "0 8 * * fri",
    "15 2 * * 1-5",
    "0 18 1,15 * *",
    "0 7,12,17 * * *",
    "*/30 0-3 * * *",
    "0 10 * * 0,3",
    "45 23 * * *",
)
LEADS = [
    *(Span(days=n) for n in (1, 2, 5, 7, 30, 60)),
    Span(months=1),
    Span(months=6),
    Span(years=1),
    Span(weeks=2),
    Span(hours=3),
    Span(hours=36),
    Span(days=1, hours=6),
]
REVIEWS = [Span(days=14), Span(days=30), Span(months=1), Span(months=3), Span(weeks=6)]
PAUSES = [None, None, Span(days=2), Span(hours=30), Span(weeks=2), Span(months=1)]
UNANSWERED = [None, (Span(days=3), None), (Span(hours=30), Span(days=4)), (Span(days=10), Span(weeks=2))]
TAGS = "alpha beta gamma delta epsilon zeta".split()


def some_rules(random: Random, *, business_leads: bool) -> tuple[Rule, ...]:
    """Return a rule for each tag, one for events, one for what is critical."""
    matches = [*({"tags": (tag,)} for tag in TAGS), {"kind": ("event",)}, {"priority": ("critical",)}]
    crons = random.sample(CRONS, len(matches))
    awaited = Random(crons[0])  # of its own, so that all else is as it was without
    return tuple(
        Rule(
            name=f"rule-{number}",
            cron=cron,
            zone=random.choice(("UTC", *ZONES)),
            match=match,
            before=leads(random, business_leads),
            on_the_day=random.random() < 0.8,
            opens=random.random() < 0.8,
            overdue=overdue(random) if random.random() < 0.9 else None,
            moved=random.random() < 0.7,
            review=random.choice(REVIEWS) if random.random() < 0.85 else None,
            closed=random.random() < 0.7,
            acknowledged_for=random.choice(PAUSES),
            unanswered=awaited.choice(UNANSWERED),
            reaches=awaited.random() < 0.8,
        )
        for number, (match, cron) in enumerate(zip(matches, crons, strict=True))
    )


def leads(random: Random, business: bool) -> tuple[Span | BusinessDays, ...]:
    found: list[Span | BusinessDays] = list(random.sample(LEADS, random.randint(2, 5)))
    if business:
        found += [BusinessDays(number) for number in random.sample((1, 3, 5, 10), random.randint(0, 2))]
    return tuple(found)


def overdue(random: Random) -> Overdue:
    return Overdue(
        after=random.choice((Span(), Span(), Span(days=3), Span(hours=6))),
        every=random.choice((Span(days=1), Span(days=2), Span(hours=12), Span(weeks=1), Span(hours=30))),
        at_most=random.choice((1, 3, 7, 14)),
        then=random.choice((Span(weeks=1), Span(days=30), Span(months=1), Span(days=14))),
    )
