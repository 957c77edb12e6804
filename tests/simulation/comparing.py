"""Two answers to one history, side by side: what one says and the other does not, and the life that it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

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
        """What came again though nothing new was to be said of it."""
        before = Counter(told(word) for word in self.came if word.said) - Counter(map(told, self.extra))
        return [word for word in self.extra if word.said and before[told(word)]]

    def strife(self) -> list[tuple[str, str]]:
        """Name the rules and commitments of which the answers differ."""
        return sorted({(word.commitment, word.rule) for word in (*self.lost, *self.extra)})

    def report(self, at_most: int = 3) -> Iterator[str]:
        """Write out the whole life of some that the answers differ of, and both answers."""
        for key, rule in self.strife()[:at_most]:
            yield f"\n{'=' * 20} {key} under {rule or 'all its rules'}"
            yield from life(self.history, key, rule)
            odd = min(word for word in (*self.lost, *self.extra) if (word.commitment, word.rule) == (key, rule))
            first, about_one = odd.tick, (key, rule, odd.occurrence)
            yield f"--- differs from {first:{FORMAT}} on"
            for title, words in (("expected", self.expected), ("came", self.came)):
                about = sorted(
                    word
                    for word in words
                    if (word.commitment, word.rule, word.occurrence) in (about_one, (key, rule, ""))
                )
                start = next((place for place, word in enumerate(about) if word.tick >= first), len(about))
                yield f"--- {title}"
                for word in about[max(0, start - 4) : start + 12]:
                    differs = "  <<<" if word in self.lost or word in self.extra else ""
                    yield f"{line(word)}{differs}"


def compare(history: History, expected: Sequence[AddressedReminder], came: Sequence[AddressedReminder]) -> Comparison:
    """Compare word by word, each as often as it was said, at the tick at which it was."""
    one, other = Counter(expected), Counter(came)
    lost, extra = sorted((one - other).elements()), sorted((other - one).elements())
    return Comparison(history, expected, came, tuple(lost), tuple(extra))


def told(word: AddressedReminder) -> tuple[object, ...]:
    return word.commitment, word.occurrence, word.rule, word.kind, word.moment


def line(word: AddressedReminder) -> str:
    said = "said  " if word.said else "merged"
    turn = f" [{word.occurrence}]" if word.occurrence else ""
    return f"  {word.tick:{FORMAT}}  {said} {word.kind:<10} of {word.moment:{FORMAT}}{turn}"


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
    """Write the commitment, the rule, and what happened to it and to what it hangs on."""
    found = courses(history, (history.ticks[-1]).date())
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
