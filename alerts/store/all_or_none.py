"""The same done to several commitments in one transaction: to all of them, or to none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from alerts.deadlines.errors import InputError
from alerts.store.revisions import refuse


def unique_keys(keys: str | Sequence[str]) -> list[str]:
    """Return the keys, each once; one may stand by itself."""
    return [keys] if isinstance(keys, str) else list(dict.fromkeys(keys))


@contextmanager
def collect_errors() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Yield what takes one attempt each: an InputError in one lets the others be tried, so that each has its line.

    Raises InputError with those lines at the end: the transaction around it must not be committed then.
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
