"""The section `keep`: how long the database keeps what was sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, model_validator

from alerts.core.retention import Retention
from alerts.deadlines.durations import Duration
from alerts.deadlines.errors import InputError
from alerts.strict_yaml.validation import Raw, Section

AT_LEAST, LEDGER_AT_LEAST, AT_MOST = 30, 365, 100 * 365  # days


def _days(at_least: int, named: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        duration = Duration.parse(text)
        if duration.time or not at_least <= duration.in_days <= AT_MOST:
            raise InputError(f"expected whole days, from {named} to P100Y")
        return str(duration)

    return check


class KeepSection(Section):
    """How long the texts of messages are kept after they were sent, and how long the ledger says who was sent what."""

    messages: Annotated[Raw, AfterValidator(_days(AT_LEAST, "P30D"))] = "P90D"
    ledger: Annotated[Raw, AfterValidator(_days(LEDGER_AT_LEAST, "P1Y"))] = "P10Y"

    @model_validator(mode="after")
    def _texts_have_their_ledger(self) -> KeepSection:
        if self.retention.messages > self.retention.ledger:
            raise InputError(
                f"the ledger goes with its texts: set `ledger` to {self.messages} or longer, or `messages` to less"
            )
        return self

    @property
    def retention(self) -> Retention:
        """Return it as periods."""
        messages, ledger = (timedelta(days=Duration.parse(text).in_days) for text in (self.messages, self.ledger))
        return Retention(messages=messages, ledger=ledger)
