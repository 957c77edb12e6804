"""Deliveries that fail, and the notices about them that operators get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
class RestoredDatabase:
    """A database that was restored: as it was at `taken_at`, used again from `restored_at`, sending at `resumed_at`.

    `restored_at`: None where another tool than `alerts restore` put a copy in its place.
    """

    taken_at: datetime
    restored_at: datetime | None
    resumed_at: datetime

    @property
    def lost_until(self) -> datetime:
        """Return until when answers and changes are lost; from `taken_at` on they are."""
        return self.restored_at or self.resumed_at

    def to_json(self) -> dict[str, Any]:
        """Write it so that `from_json` reads it back."""
        data: dict[str, Any] = _RESTORED.dump_python(self, mode="json")
        return data

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> RestoredDatabase:
        """Read what `to_json` wrote."""
        return _RESTORED.validate_python(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedAddress:
    """A change of the address of a person (their key), at a time. The `old` address gets a mail that says so."""

    person: str
    name: str
    old: str
    at: datetime

    def to_json(self) -> dict[str, Any]:
        """Write it so that `from_json` reads it back."""
        data: dict[str, Any] = _CHANGED.dump_python(self, mode="json")
        return data

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> ChangedAddress:
        """Read what `to_json` wrote."""
        return _CHANGED.validate_python(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice: to operators, of some failures and how many `more` there are; or of a database that was `restored`.

    With a `changed_address` it goes to the old one.
    """

    failures: Annotated[tuple[DeliveryFailure, ...], Field(alias="troubles")]  # its name in rows
    more: int = 0
    restored: RestoredDatabase | None = None
    changed_address: ChangedAddress | None = None

    def to_json(self) -> dict[str, Any]:
        """Write it so that `from_json` reads it back."""
        data: dict[str, Any] = _NOTICE.dump_python(self, mode="json", by_alias=True)
        for name in ("restored", "changed_address"):
            if data[name] is None:
                del data[name]
        return data

    def id_for(self, channel: str, recipient: str) -> UUID:
        """Return the id of the delivery that takes it to somebody."""
        return notice_id(channel, recipient, self.failures, self.restored, self.changed_address)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Notice:
        """Read what `to_json` wrote."""
        return _NOTICE.validate_python(data)


_FAILURE, _NOTICE, _RESTORED = TypeAdapter(DeliveryFailure), TypeAdapter(Notice), TypeAdapter(RestoredDatabase)
_CHANGED = TypeAdapter(ChangedAddress)


def notice_id(
    channel: str,
    recipient: str,
    failures: Sequence[DeliveryFailure],
    restored: RestoredDatabase | None = None,
    changed: ChangedAddress | None = None,
) -> UUID:
    """Return the id of a notice: the same for the same failures, for the same end of a hold, or for the same change."""
    statements = sorted(f"{one.id} {one.state} {one.attempts}" for one in failures)
    if restored:
        statements.append(f"restored {restored.taken_at.isoformat()} {restored.resumed_at.isoformat()}")
    if changed:
        statements.append(f"changed {changed.person} {changed.old.lower()} {changed.at.isoformat()}")
    return uuid5(NAMESPACE, "\x1f".join(["notice", channel, recipient, *statements]))
