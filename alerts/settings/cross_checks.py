"""What is wrong between the parts of a configuration: names that nothing has, and names that two have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from alerts.core.absences import deputy_cycle
from alerts.core.owners import OWNER
from alerts.core.rules import DEFAULT_RULE
from alerts.deadlines.errors import did_you_mean
from alerts.strict_yaml.yaml_events import Steps

Where = Callable[[Steps], str]
NO_CHANNEL_FOR_OWNERS = f'"{OWNER}" has no channel: mark the one that mails owners with `default: true`'


def cross_checks(data: Mapping[str, Any], where: Where) -> Iterator[str]:
    """Yield a line for each thing, as far as the parts have the shape to tell."""
    channels = data.get("channels")
    known = list(channels) if isinstance(channels, Mapping) else []
    if OWNER in known:
        place = where(("channels", OWNER))
        yield f'{place}channels.{OWNER}: "{OWNER}" in `notify` is whoever looks after a commitment: choose another name'
        known.remove(OWNER)
    marked = _marked(data)
    for name in marked[1:]:
        first = where(("channels", marked[0], "default")).removesuffix(": ")
        place = where(("channels", name, "default"))
        yield f'{place}channels.{name}.default: "{marked[0]}" is marked already ({first}): only one can mail owners'
    yield from _unknown(data.get("default_notify"), known, where, ("default_notify",), owners=marked)
    yield from _unknown(data.get("operators"), known, where, ("operators",))
    yield from _no_alerts(data, where)
    yield from _twice(data.get("people"), "key", "person", where, "people")
    yield from _deputies(data.get("people"), where)
    rules = data.get("rules")
    yield from _twice(rules, "name", "rule", where, "rules")
    for number, rule in enumerate(rules if isinstance(rules, list) else []):
        if not isinstance(rule, Mapping):
            continue
        yield from _unknown(rule.get("notify"), known, where, ("rules", number, "notify"), owners=marked)
        yield from _unknown([rule.get("fallback")], known, where, ("rules", number, "fallback"), listed=False)
        if "remind" not in rule and "summary" not in rule:
            yield f'{where(("rules", number))}"rules[{number}].remind" or "rules[{number}].summary" is missing'
        if rule.get("name") == DEFAULT_RULE:
            place = where(("rules", number, "name"))
            yield f'{place}"{DEFAULT_RULE}" is the name of the rule that default_notify makes: choose another'


def owners_channel(data: Mapping[str, Any]) -> str | None:
    """The channel that mails owners, if one is marked for it."""
    return next(iter(_marked(data)), None)


def _marked(data: Mapping[str, Any]) -> list[str]:
    """The channels that are marked `default: true`; whether they can be is checked where they are built."""
    channels = data.get("channels")
    stated = channels.items() if isinstance(channels, Mapping) else ()
    return [
        name
        for name, options in stated
        if isinstance(options, Mapping) and str(options.get("default")).lower() in ("true", "yes", "on")
    ]


def _unknown(
    names: Any, known: list[str], where: Where, steps: Steps, *, listed: bool = True, owners: list[str] | None = None
) -> Iterator[str]:
    """Names of channels that there are not; `owners` are the channels that mail owners, where these may be named."""
    for number, name in enumerate(names if isinstance(names, list) else []):
        if type(name) is not str or name in known or (name == OWNER and owners):
            continue
        place = where((*steps, number) if listed else steps)
        if name != OWNER:
            yield f'{place}there is no channel "{name}"{did_you_mean(name, known)}'
        elif owners is None:
            yield f'{place}"{OWNER}" can stand in `notify` and default_notify only: name a channel'
        else:
            yield place + NO_CHANNEL_FOR_OWNERS


def _no_alerts(data: Mapping[str, Any], where: Where) -> Iterator[str]:
    """Yield a line for each place that sends alerts to a channel which gets the changes that it subscribes to."""
    channels, rules = data.get("channels"), data.get("rules")
    stated = channels.items() if isinstance(channels, Mapping) else ()
    subscribers = {name for name, options in stated if isinstance(options, Mapping) and options.get("events")}
    named: list[tuple[Steps, Any]] = [((name,), data.get(name)) for name in ("default_notify", "operators")]
    for number, rule in enumerate(rules if isinstance(rules, list) else []):
        if isinstance(rule, Mapping):
            named += [(("rules", number, "notify"), rule.get("notify"))]
            named += [(("rules", number, "fallback"), [rule.get("fallback")])]
    for steps, names in named:
        for name in names if isinstance(names, list) else []:
            if type(name) is str and name in subscribers:
                yield f'{where(steps)}channel "{name}" has `events`, so it gets no alerts: name another one here'


def _deputies(entries: Any, where: Where) -> Iterator[str]:
    """Deputies who are not declared, and cycles in which everybody waits for everybody."""
    people = {
        entry["key"]: (number, entry.get("deputy"))
        for number, entry in enumerate(entries if isinstance(entries, list) else [])
        if isinstance(entry, Mapping) and type(entry.get("key")) is str
    }
    for number, deputy in people.values():
        if type(deputy) is str and deputy not in people:
            place = where(("people", number, "deputy"))
            yield f'{place}the deputy "{deputy}" is not declared in `people`{did_you_mean(deputy, people)}'
    if cycle := deputy_cycle({key: deputy for key, (_, deputy) in people.items() if type(deputy) is str}):
        place = where(("people", people[cycle[0]][0], "deputy"))
        yield f"{place}deputies in a circle ({' → '.join(cycle)}): leave one out, or name them with `alerts away`"


def _twice(entries: Any, name: str, what: str, where: Where, key: str) -> Iterator[str]:
    """Names that two entries of a list have."""
    first: dict[str, str] = {}
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        stated = entry.get(name) if isinstance(entry, Mapping) else None
        if type(stated) is not str or stated == DEFAULT_RULE:
            continue
        place = where((key, number, name))
        if stated in first:
            yield f'{place}the {what} "{stated}" is used twice, first at {first[stated]}'
        else:
            first[stated] = place.removesuffix(": ")
