"""Two answers to one history, side by side: what one says and the other does not, and the life that it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta

from tests.oracle.data import AddressedReminder, Commitment, Event, History, Overdue, Rule
from tests.oracle.resolving import Bounds
from tests.oracle.turns import courses

FORMAT = "%a %Y-%m-%d %H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was expected, what came, and what of either has no fellow in the other."""

    history: History
    expected: Sequence[AddressedReminder]
    came: Sequence[AddressedReminder]
    lost: tuple[AddressedReminder, ...]
    extra: tuple[AddressedReminder, ...]

    @property
    def agree(self) -> bool:
        return not self.lost and not self.extra

    @property
    def twice(self) -> list[AddressedReminder]:
        """Return what came again although there was nothing new."""
        before = Counter(identity(one) for one in self.came if one.sent) - Counter(map(identity, self.extra))
        return [one for one in self.extra if one.sent and before[identity(one)]]

    def differing(self) -> list[tuple[str, str]]:
        """Name the rules and commitments of which the answers differ."""
        return sorted({(one.commitment, one.rule) for one in (*self.lost, *self.extra)})

    def report(self, at_most: int = 3) -> Iterator[str]:
        """Write out the whole life of some that the answers differ of, and both answers."""
        for key, rule in self.differing()[:at_most]:
            yield f"\n{'=' * 20} {key} under {rule or 'all its rules'}"
            yield from life(self.history, key, rule)
            odd = min(one for one in (*self.lost, *self.extra) if (one.commitment, one.rule) == (key, rule))
            first, about_one = odd.tick, (key, rule, odd.occurrence)
            yield f"--- differs from {first:{FORMAT}} on"
            for title, some in (("expected", self.expected), ("came", self.came)):
                about = sorted(
                    one for one in some if (one.commitment, one.rule, one.occurrence) in (about_one, (key, rule, ""))
                )
                start = next((place for place, one in enumerate(about) if one.tick >= first), len(about))
                yield f"--- {title}"
                for one in about[max(0, start - 4) : start + 12]:
                    differs = "  <<<" if one in self.lost or one in self.extra else ""
                    yield f"{line(one)}{differs}"


def compare(history: History, expected: Sequence[AddressedReminder], came: Sequence[AddressedReminder]) -> Comparison:
    """Compare reminder by reminder, each as often as it was sent, at its tick."""
    one, other = Counter(expected), Counter(came)
    lost, extra = sorted((one - other).elements()), sorted((other - one).elements())
    return Comparison(history, expected, came, tuple(lost), tuple(extra))


def identity(one: AddressedReminder) -> tuple[object, ...]:
    return one.commitment, one.occurrence, one.rule, one.kind, one.moment


def line(one: AddressedReminder) -> str:
    sent = "sent  " if one.sent else "merged"
    turn = f" [{one.occurrence}]" if one.occurrence else ""
    return f"  {one.tick:{FORMAT}}  {sent} {one.kind:<10} of {one.moment:{FORMAT}}{turn}"


def stated(one: Rule | Commitment | Event | Overdue) -> str:
    """Write what was given, field by field, as text that can be read back; what was left out is left out."""
    given = {field.name: getattr(one, field.name) for field in fields(one) if field.name not in ("at", "recorded_at")}
    texts = {name: as_text(value) for name, value in given.items() if value not in ("", None, (), False)}
    return ", ".join(f"{name}: {text}" for name, text in texts.items())


def ends(bounds: Bounds) -> str:
    if bounds.anchor is None:
        return "unknown"
    counted = f"counted from {bounds.anchor.counted} ({bounds.anchor.zone or 'zone unknown'})"
    return f"{bounds.earliest or '..'} to {bounds.latest or '..'}, {counted}"


def as_text(value: object) -> str:
    match value:
        case tuple():
            return f"[{', '.join(map(str, value))}]"
        case Overdue():
            return f"{{{stated(value)}}}"
        case _:
            return str(value)


def life(history: History, key: str, rule: str) -> Iterator[str]:
    """Write the commitment, the rule, and what happened to it and to what it depends on."""
    found = courses(history, (history.ticks[-1] + timedelta(days=4 * 366)).date())
    one = next(one for one in history.commitments if one.key == key)
    yield from (stated(that) for that in history.rules if rule in (that.name, "") and that.matches(one))
    keys, todo = [], [key]
    while todo:
        keys.append(todo.pop())
        todo += sorted(found[keys[-1]].needs - set(keys))
    for name in keys:
        course = found[name]
        yield f"{name} ({stated(course.one)}; its zone is then {course.zone}, its calendars {course.calendars})"
        changes = [(course.one.recorded_at, f"recorded `{course.one.deadline}`")]
        changes += [
            (event.at, f"{type(event).__name__} {stated(event)}") for event in history.events if event.key == name
        ]
        for truth in course.stated:
            turn = truth.turns.get("")
            tracked = sum(one.tracked for one in truth.turns.values())
            changes.append((truth.at, f"bounds: {ends(turn.bounds) if turn else f'{tracked} turns tracked'}"))
        yield from (f"  {at:{FORMAT}}  {what}" for at, what in sorted(changes, key=lambda change: change[0]))
