"""Why a sign-in at a provider has failed: what its page says, and what the log says."""

from __future__ import annotations

from typing import Literal

from alerts.rendering.template_filters import clean, flat

FailureState = Literal["unreachable", "start_again", "denied", "unverified", "clocks", "refused", "too_often"]


class ProviderFailure(Exception):  # noqa: N818  # it is what came of a sign-in
    """Nobody is signed in. The text is for the log, on one line; `state` says which page somebody gets."""

    def __init__(self, state: FailureState, reason: str) -> None:
        super().__init__(reason)
        self.state: FailureState = state


def one_line(text: str) -> str:
    """Return what a provider has said, as far as a line of the log may hold it."""
    return flat(clean(text))[:200]
