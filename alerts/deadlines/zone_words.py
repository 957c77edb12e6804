"""Zones as people write them: offsets with the sign that they mean, and abbreviations, which name no single zone."""

from __future__ import annotations

import re
from functools import lru_cache
from zoneinfo import available_timezones

from alerts.deadlines.errors import InputError
from alerts.deadlines.zones import AOE, OFFSET, name_offset, zone_info

SLASHED = re.compile(r"[A-Za-z]+(/[A-Za-z0-9_+-]+)+", re.ASCII)
# What could be meant by an abbreviation. Where summer and winter have their own, the zone has both.
ABBREVIATIONS = {
    "pt": ("America/Los_Angeles",),
    "pst": ("America/Los_Angeles", "Asia/Manila", "-08:00"),
    "pdt": ("America/Los_Angeles", "-07:00"),
    "mt": ("America/Denver", "America/Phoenix"),
    "mst": ("America/Denver", "America/Phoenix", "Asia/Kuala_Lumpur", "-07:00"),
    "mdt": ("America/Denver", "-06:00"),
    "ct": ("America/Chicago", "Asia/Shanghai"),
    "cst": ("America/Chicago", "Asia/Shanghai", "America/Havana", "-06:00"),
    "cdt": ("America/Chicago", "America/Havana", "-05:00"),
    "et": ("America/New_York",),
    "est": ("America/New_York", "America/Panama", "Australia/Sydney", "-05:00"),
    "edt": ("America/New_York", "Australia/Sydney", "-04:00"),
    "ast": ("America/Halifax", "Asia/Riyadh", "-04:00"),
    "hst": ("Pacific/Honolulu",),
    "akst": ("America/Anchorage", "-09:00"),
    "akdt": ("America/Anchorage", "-08:00"),
    "art": ("America/Argentina/Buenos_Aires",),
    "brt": ("America/Sao_Paulo",),
    "wet": ("Europe/Lisbon", "+00:00"),
    "west": ("Europe/Lisbon", "+01:00"),
    "met": ("Europe/Paris", "+01:00"),
    "cet": ("Europe/Brussels", "Europe/Paris", "Europe/Warsaw", "+01:00"),
    "cest": ("Europe/Brussels", "Europe/Paris", "Europe/Warsaw", "+02:00"),
    "eet": ("Europe/Athens", "Europe/Kyiv", "Africa/Cairo", "+02:00"),
    "eest": ("Europe/Athens", "Europe/Kyiv", "Africa/Cairo", "+03:00"),
    "bst": ("Europe/London", "Asia/Dhaka", "+01:00"),
    "ist": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "msk": ("Europe/Moscow",),
    "trt": ("Europe/Istanbul",),
    "sast": ("Africa/Johannesburg",),
    "cat": ("Africa/Maputo",),
    "eat": ("Africa/Nairobi",),
    "wat": ("Africa/Lagos",),
    "gst": ("Asia/Dubai", "Atlantic/South_Georgia"),
    "pkt": ("Asia/Karachi",),
    "npt": ("Asia/Kathmandu",),
    "ict": ("Asia/Bangkok", "Asia/Ho_Chi_Minh"),
    "wib": ("Asia/Jakarta",),
    "hkt": ("Asia/Hong_Kong",),
    "sgt": ("Asia/Singapore",),
    "pht": ("Asia/Manila",),
    "jst": ("Asia/Tokyo",),
    "kst": ("Asia/Seoul",),
    "awst": ("Australia/Perth",),
    "acst": ("Australia/Adelaide", "Australia/Darwin"),
    "acdt": ("Australia/Adelaide",),
    "aest": ("Australia/Sydney", "Australia/Brisbane", "+10:00"),
    "aedt": ("Australia/Sydney", "+11:00"),
    "nzst": ("Pacific/Auckland", "+12:00"),
    "nzdt": ("Pacific/Auckland", "+13:00"),
    "est5edt": ("America/New_York",),
    "cst6cdt": ("America/Chicago",),
    "mst7mdt": ("America/Denver",),
    "pst8pdt": ("America/Los_Angeles",),
}


def read_zone_word(token: str) -> str | None:
    """Return the zone of a word: `UTC`, `AoE`, `+08:00`, `Asia/Seoul`; None for a word that names none.

    `UTC+8` is eight hours ahead of UTC, as people mean it; IANA's `Etc/GMT+8` has the other sign. Raises InputError
    for an abbreviation, an unknown zone and an impossible offset.
    """
    lowered = token.lower()
    if lowered in ("utc", "gmt", "z"):
        return "UTC"
    if lowered == "aoe":
        return AOE
    if found := OFFSET.fullmatch(token):
        return name_offset(found)
    if reason := _explain_abbreviation(token):
        raise InputError(reason)
    if not SLASHED.fullmatch(token):
        return None
    name = _names().get(lowered, token)
    zone_info(name)
    return name


def check_zone(name: str) -> str:
    """Return a zone that a setting may name. Raises InputError for an unknown one, and for an abbreviation."""
    if reason := _explain_abbreviation(name):
        raise InputError(reason)
    zone_info(name)
    return name


def _explain_abbreviation(token: str) -> str | None:
    meant = ABBREVIATIONS.get(token.lower())
    if meant is None:
        return None
    several = f"{', '.join(meant[:-1])} or {meant[-1]}" if len(meant) > 1 else meant[0]
    return f"the abbreviation {token!r} does not name a single time zone: write what is meant, {several}"


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}
