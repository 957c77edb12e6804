"""What the process of an upload is asked for, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter

from alerts.core.actors import Actor
from alerts.settings import Settings

Outcome = Literal["seen", "wrong", "unreadable", "changed", "loaded", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLimits:
    """What the process of an upload may take: bytes of addresses, seconds of a processor, and seconds in all.

    100,000 rows take half of each.
    """

    memory: int = 1024 * 2**20
    cpu_seconds: int = 120
    within: float = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """A look at an upload, or its load. `content` is empty where it is kept by its `hash`.

    `columns`: what somebody chose for the columns of a table; None where nobody has chosen yet. `shown`: the digest of
    what was shown before a load. `form` is recorded with it.
    """

    settings: Settings = field(repr=False)
    actor: Actor
    now: datetime
    register: str
    content: bytes = field(default=b"", repr=False)
    hash: str = ""
    columns: Mapping[str, str] | None = None
    is_load: bool = False
    shown: str = ""
    close_missing: bool = False
    reopen: bool = False
    form: str = ""
    limits: ImportLimits = field(default_factory=ImportLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """A row, or a few lines, of an upload. Each cell has its heading, and whether it is wrong."""

    number: int
    cells: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownProblem:
    """Something that is wrong: where, what to do, and the rows that have it."""

    place: str
    text: str
    rows: tuple[ShownRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownColumn:
    """A column of a table: its heading, the field that it gives (empty if it is not read), and an example."""

    heading: str
    field: str
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownColumns:
    """How a table is read whose headings are not those of the fields.

    `key`: the heading that names each row; empty where several columns together do. `dates`: what the dates may be,
    and `date` what was chosen. `status`: the rows that are left out as done. `headings` identifies the headings: what
    was chosen holds for them alone.
    """

    headings: str
    columns: tuple[ShownColumn, ...]
    key: str
    made_of: tuple[str, ...]
    dates: tuple[str, ...] = ()
    date: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What an upload would change, or has changed; or what is wrong with it.

    `counts`: how many commitments by what happens to them. `rows`: each with its key, its title, what happens, and how.
    `missing`: keys that are no longer in the register. `elsewhere`: keys that another register or somebody recorded.
    `alerts`: how many go out within a minute.
    """

    outcome: Outcome
    register: str
    hash: str = ""
    digest: str = ""
    problems: tuple[ShownProblem, ...] = ()
    more_problems: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    rows: tuple[tuple[str, str, str, str], ...] = ()
    more_rows: int = 0
    missing: tuple[str, ...] = ()
    more_missing: int = 0
    restated: tuple[str, ...] = ()
    elsewhere: tuple[tuple[str, str], ...] = ()
    more_elsewhere: int = 0
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    alerts: int = 0
    columns: ShownColumns | None = None


RESULT: TypeAdapter[ImportResult] = TypeAdapter(ImportResult)
