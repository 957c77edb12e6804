"""Deliveries that fail, and the notices about them that operators get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID, uuid5

from pydantic import AliasChoices, Field, TypeAdapter

from alerts.core.reminders import NAMESPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailure:
    """A delivery to report to operators: it is dead, it has failed for an hour, or its template failed.

    `about` names what it carries ("truce before"), `fallback_channels` the channels that sent it instead.
    """

    id: UUID
    channel: str
    recipient: str
    state: str
    error: str
    attempts: int = 0
    about: tuple[str, ...] = ()
    fallback_channels: Annotated[  # "instead" in rows of earlier versions
        tuple[str, ...], Field(validation_alias=AliasChoices("fallback_channels", "instead"))
    ] = ()

    def to_json(self) -> dict[str, Any]:
        """Write it so that `from_json` reads it back."""
        data: dict[str, Any] = _FAILURE.dump_python(self, mode="json")
        return data

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> DeliveryFailure:
        """Read what `to_json` wrote."""
        return _FAILURE.validate_python(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice to operators: some failures, and how many `more` there are."""

    failures: Annotated[tuple[DeliveryFailure, ...], Field(alias="troubles")]  # its name in rows
    more: int = 0

    def to_json(self) -> dict[str, Any]:
        """Write it so that `from_json` reads it back."""
        data: dict[str, Any] = _NOTICE.dump_python(self, mode="json", by_alias=True)
        return data

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Notice:
        """Read what `to_json` wrote."""
        return _NOTICE.validate_python(data)


_FAILURE, _NOTICE = TypeAdapter(DeliveryFailure), TypeAdapter(Notice)


def notice_id(channel: str, recipient: str, failures: Sequence[DeliveryFailure]) -> UUID:
    """Return the id of a notice to operators: the same for the same failures."""
    statements = sorted(f"{one.id} {one.state} {one.attempts}" for one in failures)
    return uuid5(NAMESPACE, "\x1f".join(["notice", channel, recipient, *statements]))
