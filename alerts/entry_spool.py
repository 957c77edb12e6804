"""The entries of a load: the first 5,000 are kept in memory, all others in a temporary file.

A load checks all its entries before it stores the first. So it goes through them several times, and a million of them
would take more than a gigabyte of memory.
"""

from __future__ import annotations

import marshal
import tempfile
import weakref
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from operator import attrgetter
from typing import IO, Any, overload

from alerts.core.changes import StatedCommitment
from alerts.core.commitments import Citation, Commitment
from alerts.deadlines.expressions import Every, references
from alerts.deadlines.grammar import parse

KEPT = 5_000  # entries in memory: about 5 MB
BUFFER = 2**15  # bytes
_ENTRY = tuple(one.name for one in fields(StatedCommitment) if one.name != "commitment")
_NAMES = tuple(one.name for one in fields(Commitment) if one.name not in ("source", "earlier_sources"))
_of_entry, _of_commitment = attrgetter(*_ENTRY), attrgetter(*_NAMES)


class SpoolError(OSError):
    """The temporary file cannot be written or read; the text is one line that can be shown to the user.

    It is no InputError, because no entry is wrong: a reader that skips wrong entries must not skip this.
    """


class EntrySpool:
    """Entries in the order in which they were added, each with its place from 0.

    `keys` are the keys of the entries, in the same order. `needs` has the keys that an entry depends on, by its place;
    entries that depend on nothing are not in it. `recurring` are the places of the entries that recur.
    """

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.needs: dict[int, frozenset[str]] = {}
        self.recurring = array("L")
        self._kept: list[StatedCommitment] = []
        self._starts = array("Q", [0])  # in the file: where each of its entries begins, then where the last ends
        self._file: IO[bytes] | None = None
        self._at_end = True

    def add(self, entry: StatedCommitment) -> int:
        """Add an entry, and return its place. Raises SpoolError if the temporary file cannot be written."""
        place = len(self.keys)
        if place < KEPT:
            self._kept.append(entry)
        else:
            self._write(marshal.dumps(_packed(entry)))
        self.keys.append(entry.commitment.key)
        deadline = parse(entry.commitment.deadline)
        if needs := references(deadline):
            self.needs[place] = needs
        if isinstance(deadline, Every):
            self.recurring.append(place)
        return place

    def __getitem__(self, place: int) -> StatedCommitment:
        """Return the entry at a place. Raises SpoolError if the temporary file cannot be read or written."""
        if place < KEPT:
            return self._kept[place]
        start, end = self._starts[place - KEPT : place - KEPT + 2]
        assert self._file is not None
        try:
            if self._at_end:
                self._file.flush()
                self._at_end = False
        except OSError as error:
            raise _failure("written", error) from None
        try:
            self._file.seek(start)
            return _unpacked(marshal.loads(self._file.read(end - start)))  # noqa: S302  # nobody else can write it
        except (OSError, EOFError) as error:
            raise _failure("read", error) from None

    def _write(self, data: bytes) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=BUFFER)  # noqa: SIM115  # it is closed with the spool
                weakref.finalize(self, _close, self._file)
            if not self._at_end:
                self._file.seek(self._starts[-1])
                self._at_end = True
            self._file.write(data)
        except OSError as error:
            raise _failure("written", error) from None
        self._starts.append(self._starts[-1] + len(data))


class Entries(Sequence[StatedCommitment]):
    """Some entries of a spool, in the order of their places."""

    def __init__(self, spool: EntrySpool, places: Sequence[int]) -> None:
        self.spool, self.places = spool, places

    @classmethod
    def of(cls, entries: Iterable[StatedCommitment]) -> Entries:
        """Return entries as those of a spool; unchanged if they are in one already."""
        if isinstance(entries, Entries):
            return entries
        spool = EntrySpool()
        return cls(spool, array("L", map(spool.add, entries)))

    @classmethod
    def joined(cls, parts: Sequence[Entries]) -> Entries:
        """Return the entries of several parts, one after the other."""
        if len(parts) == 1:
            return parts[0]
        if len({id(one.spool) for one in parts}) != 1:
            return cls.of(entry for one in parts for entry in one)
        return cls(parts[0].spool, array("L", (place for one in parts for place in one.places)))

    @property
    def keys(self) -> Iterator[str]:
        """Return the keys, without reading an entry."""
        return map(self.spool.keys.__getitem__, self.places)

    def recurring(self) -> Iterator[StatedCommitment]:
        """Yield those that recur, without reading any other."""
        recurring = frozenset(self.spool.recurring)
        return (self.spool[place] for place in self.places if place in recurring)

    def add(self, entry: StatedCommitment) -> None:
        """Add an entry to the spool and to this sequence."""
        self.places = array("L", self.places) if isinstance(self.places, range) else self.places
        self.places.append(self.spool.add(entry))  # type: ignore[attr-defined]

    def without(self, keys: Collection[str]) -> Entries:
        """Return all entries except those with these keys."""
        if not keys:
            return self
        left = (place for place, key in zip(self.places, self.keys, strict=True) if key not in keys)
        return Entries(self.spool, array("L", left))

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, at: int) -> StatedCommitment: ...
    @overload
    def __getitem__(self, at: slice) -> Entries: ...
    def __getitem__(self, at: int | slice) -> StatedCommitment | Entries:
        return Entries(self.spool, self.places[at]) if isinstance(at, slice) else self.spool[self.places[at]]

    def __iter__(self) -> Iterator[StatedCommitment]:
        return map(self.spool.__getitem__, self.places)

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, Sequence) and len(self) == len(other)
        return same and all(map(StatedCommitment.__eq__, self, other))  # type: ignore[call-overload]

    __hash__ = None  # type: ignore[assignment]


class EntriesByKey(MutableMapping[str, StatedCommitment]):
    """Entries of a spool by their keys, in the order in which they were set; all are returned as entries of a file."""

    def __init__(self, spool: EntrySpool) -> None:
        self._spool = spool
        self._places: dict[str, int] = {}

    def set_place(self, key: str, place: int) -> None:
        """Set an entry that is in the spool already, by its place there."""
        self._places[key] = place

    @property
    def needs(self) -> Mapping[str, frozenset[str]]:
        """The keys that each entry depends on, by its key; entries that depend on nothing are left out."""
        needs = self._spool.needs
        return {key: needs[place] for key, place in self._places.items() if place in needs} if needs else {}

    def __getitem__(self, key: str) -> StatedCommitment:
        entry = self._spool[self._places[key]]
        return entry if entry.is_of_file else replace(entry, is_of_file=True)

    def __setitem__(self, key: str, entry: StatedCommitment) -> None:
        self._places[key] = self._spool.add(entry)

    def __delitem__(self, key: str) -> None:
        del self._places[key]

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _packed(entry: StatedCommitment) -> tuple[Any, ...]:
    """Return an entry as values that `marshal` takes."""
    commitment = entry.commitment
    sources = commitment.sources
    cited = tuple((one.key, one.locator, one.quote) for one in sources) if sources else ()
    return _of_entry(entry), _of_commitment(commitment), commitment.source is not None, cited


def _unpacked(packed: tuple[Any, ...]) -> StatedCommitment:
    of_entry, of_commitment, has_source, cited = packed
    commitment = Commitment(**dict(zip(_NAMES, of_commitment, strict=True)))
    if cited:
        sources = [Citation(key=key, locator=locator, quote=quote) for key, locator, quote in cited]
        first = sources.pop(0) if has_source else None
        commitment = replace(commitment, source=first, earlier_sources=tuple(sources))
    return StatedCommitment(commitment, *of_entry)


def _close(file: IO[bytes]) -> None:
    with suppress(OSError):  # what is left in its buffer is not needed any more
        file.close()


def _failure(what: str, error: Exception) -> SpoolError:
    try:
        folder = tempfile.gettempdir()
    except OSError:
        folder = "the folder for temporary files"
    why = getattr(error, "strerror", None) or str(error) or "it has ended"
    return SpoolError(
        f"{folder}: a load of more than {KEPT:,} entries keeps them in a temporary file there, which cannot be "
        f"{what}: {why}; make room or set TMPDIR to another folder, and load again"
    )
