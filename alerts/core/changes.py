"""Changes of commitments: who makes one, what a file states, and the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from alerts.core.commitments import Commitment
from alerts.core.permissions import Action, NotAllowedError
from alerts.core.stated_values import stated
from alerts.core.tracked import Proof, Revision, Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.errors import InputError
from alerts.deadlines.values import frozen

if TYPE_CHECKING:
    from alerts.core.actors import Actor, Request, Shown

MAX_ERRORS = 50


@frozen(kw_only=True)
class Change:
    """Who changes something, when, and why.

    The shell may do everything, others what is `allowed`. `shown`: the form that they answered, where there is one.
    `request`: what is recorded once, also where it changes no commitment. `revisions`: the latest one must be one of
    these, where somebody states which they have read. `only_owner`: the only owner whose commitments may be changed.
    """

    now: datetime
    by: str
    reason: str | None = None
    source: str | None = None
    cause: str | None = None
    proof: Proof = "shell"
    allowed: frozenset[Action] = frozenset()
    shown: Shown | None = None
    request: Request | None = None
    revisions: frozenset[int] | None = None
    only_owner: str | None = None

    @classmethod
    def of(
        cls,
        actor: Actor,
        now: datetime,
        reason: str | None = None,
        shown: Shown | None = None,
        *,
        request: Request | None = None,
    ) -> Change:
        """Return a change that somebody makes."""
        return cls(
            now=now,
            by=actor.name,
            reason=reason,
            proof=actor.proof,
            allowed=actor.allowed,
            shown=shown,
            request=request,
            only_owner=actor.only_owner,
        )

    def require_allowed(self, action: Action) -> None:
        """Raise NotAllowedError where the actor may not do that."""
        if self.proof != "shell" and action not in self.allowed:
            raise NotAllowedError(f"{self.by} may not do this: {action}")

    def require_owner(self, owner: str | None) -> None:
        """Raise NotAllowedError where the actor may not make somebody the owner of a commitment."""
        if self.only_owner not in (None, owner):
            raise NotAllowedError(f"{self.by} is for what {self.only_owner} owns: it cannot name another owner")


@frozen
class Move:
    """Bounds that changed."""

    key: str
    before: Bounds
    after: Bounds


@frozen
class EntryProblem:
    """A problem with an entry; `message` is the whole line, with its place."""

    key: str
    message: str


@frozen(kw_only=True)
class RestatedEntry:
    """A closed commitment that a file states again. `fields` are those that differ from the stored ones."""

    key: str
    status: str
    place: str  # file:line
    fields: tuple[str, ...]
    deadline: str
    stated: str  # the deadline that the file states


@dataclass(slots=True)
class Report:
    """The result of a load or a dry run: keys by what happened to them.

    `fields` are those that changed; `conflicts` were moved by hand since the file last stated them, and are stated
    differently now; `older` have an older revision than the last one loaded. `planned_state` is what a load without
    dry run would store. `kept_zone` is the one that a move kept, as the deadline before stated it.
    `restated` are closed and stay closed, `kept` stay closed for good, `reopened` are open again.
    """

    new: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    moved: list[Move] = field(default_factory=list)
    moved_dependants: list[Move] = field(default_factory=list)
    unchanged: int = 0
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    conflicts: list[EntryProblem] = field(default_factory=list)
    older: list[str] = field(default_factory=list)
    restated: list[RestatedEntry] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    reopened: list[str] = field(default_factory=list)
    planned_state: dict[str, Tracked] = field(default_factory=dict)
    kept_zone: str | None = None


@frozen
class StatedCommitment:
    """A commitment as a file or a command states it, and the place where it does (`file:line`, or its key)."""

    commitment: Commitment
    place: str
    line: int = 0  # in the file; in a table, the row
    file: str | None = None  # the name that the file is stored under
    sequence: int | None = None  # its revision there (RFC 5545, section 3.8.7.4)
    loaded: dict[str, Any] | None = None  # what the file states, where that differs from the commitment
    is_of_file: bool = False  # it comes from a file

    @property
    def stated_in_file(self) -> dict[str, Any] | None:
        """Return what the file states, if it comes from one."""
        return stated(self.commitment) if self.is_of_file and self.loaded is None else self.loaded


def revision_after(
    now: Tracked,
    change: Change,
    what: Any,
    detail: str | None = None,
    version: int | None = None,
    *,
    after: Bounds | None = None,
) -> Revision:
    """Return the next revision of a commitment, or of one of its occurrences; `after` are its bounds after a move."""
    return Revision(
        number=now.revision + 1,
        what=what,
        recorded_at=change.now,
        recorded_by=change.by,
        reason=change.reason,
        source=change.source,
        cause=change.cause,
        before=now.bounds if after else None,
        after=after,
        bounds_version=version or now.bounds_version,
        detail=detail,
        occurrence=now.occurrence,
        proof=change.proof,
        form=change.shown.form if change.shown else None,
    )


def refuse(errors: Sequence[str]) -> None:
    """Raise InputError with a line for each error, if there are any; of very many, only the first."""
    if errors:
        more = len(errors) - MAX_ERRORS
        raise InputError("\n".join([*errors[:MAX_ERRORS], *([f"… and {more} more"] if more > 0 else [])]))
