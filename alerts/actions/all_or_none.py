"""One action on several commitments in one transaction: on all of them, or on none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

from alerts.core.changes import refuse
from alerts.deadlines.errors import InputError

Until = datetime | None | Mapping[str, datetime | None]  # the same for all, or by key


def until_of(until: Until, key: str) -> datetime | None:
    """Return until when an answer holds for one of several commitments."""
    return until.get(key) if isinstance(until, Mapping) else until


def unique_keys(keys: str | Sequence[str]) -> list[str]:
    """Return the keys without duplicates; a single key may be a string."""
    return [keys] if isinstance(keys, str) else list(dict.fromkeys(keys))


@contextmanager
def collect_errors() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Yield a context for each attempt: an InputError in one does not stop the others.

    Raises InputError with a line for each at the end, so that the transaction around it is rolled back.
    """
    errors: list[str] = []

    @contextmanager
    def attempt() -> Iterator[None]:
        try:
            yield
        except InputError as error:
            errors.append(str(error))

    yield attempt
    refuse(errors)
