"""The shape of the configuration files, and the rules that they make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from alerts import cron
from alerts.core.commitments import Kind, Priority
from alerts.core.rules import DEFAULT_RULE, Overdue, Remind, Rule, Unanswered
from alerts.core.silences import Silence, check_silence, read_time
from alerts.deadlines.durations import Duration, parse_lead
from alerts.deadlines.errors import InputError
from alerts.deadlines.zones import zone_info
from alerts.settings.http_section import HttpSection
from alerts.settings.keep_section import KeepSection
from alerts.shipped import DATABASE
from alerts.strict_yaml.person_entry import PersonInSettings
from alerts.strict_yaml.validation import Count, Flag, Raw, Section, Text, once
from alerts.strict_yaml.yaml_events import Plain

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise InputError("expected a name of letters, digits, `.`, `_` and `-`")
    return text


def _filled(text: str) -> str:
    if not text.strip():
        raise InputError("is empty, expected text")
    return text


def _cron(text: str) -> str:
    cron.check(text)
    return text


def _zone(name: str) -> str:
    zone_info(name)
    return name


def _duration(text: str) -> str:
    return str(Duration.parse(text))


def _every(text: str) -> str:
    duration = Duration.parse(text)
    if not duration:
        raise InputError("expected a duration longer than nothing, such as P7D")
    return str(duration)


def _horizon(text: str) -> str:
    duration = Duration.parse(text)
    if not duration.has_days or duration.time:
        raise InputError("expected whole days, such as P30D or P3M")
    if 366 * (12 * duration.years + duration.months) + 12 * duration.days > 24 * 366:
        raise InputError(f"expected two years at most, found {text!r}: a summary lists what recurs day by day")
    return str(duration)


def _lead(text: str) -> str:
    lead = parse_lead(text)
    if not lead:
        raise InputError("expected a lead longer than nothing, such as P7D or `5 business days`")
    return str(lead)


def _not_empty(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise InputError("is empty: name at least one")
    return values


def _overdue(value: Any) -> Any:
    """`true` is a mapping that states nothing, `false` none at all."""
    if isinstance(value, Plain) and value.tag == "a boolean":
        return {} if value.lower() in ("true", "yes", "on") else None
    if not isinstance(value, Mapping | None):
        raise InputError("expected true, or a mapping such as {every: P1D, at_most: 14, then: P7D}")
    return value


Name = Annotated[Text, AfterValidator(_name)]
Names = Annotated[tuple[Name, ...], AfterValidator(once)]
Filled = Annotated[Text, AfterValidator(_filled)]
Zone = Annotated[Text, AfterValidator(_zone)]
Every = Annotated[Raw, AfterValidator(_every)]
Lead = Annotated[Raw, AfterValidator(_lead)]
NotEmpty = AfterValidator(_not_empty)


class OverdueSection(Section):
    """See `core.rules.Overdue`."""

    after: Annotated[Raw, AfterValidator(_duration)] = "P0D"
    every: Every = "P1D"
    at_most: Annotated[Count, Field(ge=1)] | None = 14
    then: Every = "P7D"


class UnansweredSection(Section):
    """See `core.rules.Unanswered`."""

    after: Every
    every: Every | None = None


class RemindSection(Section):
    """When a rule sends reminders."""

    before: Annotated[tuple[Lead, ...], AfterValidator(once)] = ()
    on_the_day: Flag = False
    opens: Flag = False
    overdue: Annotated[
        OverdueSection | None,
        BeforeValidator(_overdue),
        Field(json_schema_extra=lambda schema: schema["anyOf"].append({"type": "boolean"})),
    ] = None
    moved: Flag = False
    review: Every | None = None
    closed: Flag = False
    unanswered: UnansweredSection | None = None

    def remind(self) -> Remind:
        """The moments. Raises InputError where nothing is named."""
        overdue = Overdue(**self.overdue.model_dump()) if self.overdue else None
        unanswered = Unanswered(**self.unanswered.model_dump()) if self.unanswered else None
        return Remind(**{**dict(self), "overdue": overdue, "unanswered": unanswered})


def _names_something(section: RemindSection) -> RemindSection:
    if section.remind() == Remind():
        raise InputError(
            "names no moment, so the rule sends nothing: name some, such as {before: [P7D], on_the_day: true}"
        )
    return section


class SummarySection(Section):
    """What a rule sums up."""

    horizon: Annotated[Raw, AfterValidator(_horizon), Field(examples=["P30D"])]


class MatchSection(Section):
    """All that are named must hold, any value of each."""

    key: Annotated[tuple[Filled, ...], NotEmpty] = ()
    kind: Annotated[tuple[Kind, ...], NotEmpty] = ()
    tags: Annotated[tuple[Filled, ...], NotEmpty] = ()
    priority: Annotated[tuple[Priority, ...], NotEmpty] = ()
    by: Annotated[tuple[Filled, ...], NotEmpty] = ()
    to: Annotated[tuple[Filled, ...], NotEmpty] = ()
    owner: Annotated[tuple[Filled, ...], NotEmpty] = ()


class RuleSection(Section):
    """One of `rules`."""

    name: Name
    cron: Annotated[Raw, AfterValidator(_cron)]
    timezone: Zone | None = None
    match: MatchSection
    remind: Annotated[RemindSection, AfterValidator(_names_something)] | None = None
    summary: SummarySection | None = None
    notify: Annotated[Names, NotEmpty]
    digest: Flag | None = None
    fallback: Name | None = None
    acknowledged_for: Every | None = None

    def rule(self, zone: str) -> Rule:
        """The rule; `zone` is that of its cron where it states none."""
        return Rule(
            name=self.name,
            cron=self.cron,
            timezone=self.timezone or zone,
            match={what: values for what, values in self.match if values},
            remind=self.remind.remind() if self.remind else Remind(),
            summary=self.summary.horizon if self.summary else None,
            notify=self.notify,
            digest=self.digest,
            fallback=self.fallback,
            acknowledged_for=self.acknowledged_for,
        )


class SilenceSection(Section):
    """One of `silences`; see `core.silences.Silence`."""

    match: MatchSection
    from_: Annotated[Raw, Field(alias="from")]
    until: Raw
    reason: Filled
    by: Filled

    @model_validator(mode="after")
    def _can_be(self) -> SilenceSection:
        self.silence("UTC")
        return self

    def silence(self, zone: str) -> Silence:
        """The silence; `zone` is that of days. Raises InputError."""
        return check_silence(
            Silence(
                match={what: values for what, values in self.match if values},
                since=read_time(self.from_, zone, end=False),
                until=read_time(self.until, zone, end=True),
                reason=self.reason,
                by=self.by,
                of_settings=True,
            )
        )


class ChannelSection(Section):
    """One of `channels`; what its kind asks for is checked where channels are built."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: Text

    @property
    def options(self) -> dict[str, Any]:
        """All but the kind, as written."""
        return dict(self.model_extra or {})


class HeartbeatSection(Section):
    """Where to say that a sweep went well; how that is reached is checked where the heartbeat is built."""

    model_config = ConfigDict(extra="allow", frozen=True)

    url: Filled

    @property
    def options(self) -> dict[str, Any]:
        """All of it, as written."""
        return {"url": self.url, **(self.model_extra or {})}


class ConfigFile(Section):
    """All files of a folder, taken as one."""

    database: Filled = DATABASE
    timezone: Zone | None = None
    channels: dict[Name, ChannelSection] = Field(default_factory=dict)
    default_notify: Names = ()
    operators: Names = ()
    people: tuple[PersonInSettings, ...] = ()
    heartbeat: HeartbeatSection | None = None
    http: HttpSection | None = None
    log: Literal["auto", "text", "json"] = "auto"
    keep: KeepSection = KeepSection()
    rules: tuple[RuleSection, ...] = ()
    silences: tuple[SilenceSection, ...] = ()
    templates: Filled | None = None


def default_rule(zone: str, notify: tuple[str, ...]) -> Rule:
    """The rule for commitments that no other matches."""
    remind = Remind(
        before=("P30D", "P7D", "P1D"),
        on_the_day=True,
        opens=True,
        overdue=Overdue(),
        moved=True,
        review="P14D",
        closed=True,
    )
    return Rule(name=DEFAULT_RULE, cron="0 9 * * *", timezone=zone, remind=remind, notify=notify)
