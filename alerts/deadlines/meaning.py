"""Which meaning of deadlines this build has: bounds of an earlier one are worked out again, and say why they moved."""

from __future__ import annotations

MEANING = "3"  # raise it where the same text gives other bounds, and say in REASON what has changed
REASON = (
    "a period of days that is stated with `within` ends with its last day, and one that counts back has two business "
    "days, too (Regulation 1182/71, Article 3); clear days lie before what may not be earlier (Civil Procedure Rules, "
    "rule 2.8); holidays of a state do not count back (Federal Rules of Civil Procedure, rule 6(a)(6))"
)


def meaning_of_deadlines() -> str:
    """Return the number of the meaning that deadlines have."""
    return MEANING
