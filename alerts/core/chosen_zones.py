"""The zone and the calendars that a deadline is resolved with, and what is known of who owes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from alerts.core.commitments import Commitment, Party
from alerts.deadlines.business_days import Roll
from alerts.deadlines.fiscal_years import FiscalYear
from alerts.deadlines.opening_hours import OpeningHours
from alerts.deadlines.zone_choice import Obligor, ZoneChoice


def choose_zone(commitment: Commitment, parties: Mapping[str, Party], fallback: str | None) -> ZoneChoice:
    """Choose the zone and the calendars: the commitment's, its one obligor's; for the zone, the settings'."""
    obligor = parties.get(commitment.by[0]) if len(commitment.by) == 1 else None
    return _choose(commitment.timezone, commitment.calendars, commitment.roll, obligor, fallback)


@lru_cache(maxsize=256)
def _choose(
    zone: str | None, calendars: tuple[str, ...], roll: Roll, obligor: Party | None, fallback: str | None
) -> ZoneChoice:
    choice = ZoneChoice(zone, calendars=calendars, roll=roll, obligor=obligor_of(obligor) if obligor else None)
    if obligor and obligor.calendar and not choice.calendars:
        choice = replace(choice, calendars=(obligor.calendar,), calendars_from=_owes(obligor))
    if choice.name:
        return choice
    if obligor and obligor.timezone:
        return replace(choice, name=obligor.timezone, assumed_from=_owes(obligor))
    if fallback:
        return replace(choice, name=fallback, assumed_from="the default of the settings (assumed)")
    return choice


def _owes(party: Party) -> str:
    return f"that of {party.name}, who owes it (assumed)"


def obligor_of(party: Party) -> Obligor | None:
    """Return the office hours and the fiscal year of a party, where it states any."""
    if not party.hours and not party.fiscal_year:
        return None
    return Obligor(
        party.name,
        OpeningHours.parse(party.hours) if party.hours else None,
        FiscalYear.parse(party.fiscal_year) if party.fiscal_year else None,
    )
