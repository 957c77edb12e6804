"""What may be done with a commitment, and who may do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Action = Literal[
    "acknowledge", "snooze", "snooze for everybody", "take back", "note", "move", "close", "reopen", "assign", "edit",
    "add", "away", "silence",
]  # fmt: skip
Role = Literal["viewer", "editor", "admin"]
Scope = Literal["read", "write"]  # of a program's token
ACTIONS: tuple[Action, ...] = get_args(Action)
ROLES: tuple[Role, ...] = get_args(Role)

MAY: Mapping[Role, frozenset[Action]] = {
    "viewer": frozenset(),  # what a link lets them answer, they may answer by the link
    "editor": frozenset(ACTIONS),
    "admin": frozenset(ACTIONS),  # what an admin may do beyond that changes no commitment
}


class NotAllowedError(Exception):
    """Somebody tried what they may not do; the text says what that is."""


class RecordedBeforeError(Exception):
    """The form of an answer, or the request of a program, has been recorded already. `result` is what came of it."""

    def __init__(self, result: str = "") -> None:
        super().__init__(result)
        self.result = result
