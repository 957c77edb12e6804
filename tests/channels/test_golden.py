"""What is posted is what was looked at and found good: the stored payloads."""

from __future__ import annotations

import pytest

from alerts import channels
from alerts.rendering.renderer import Renderer
from tests.channels.golden import FOLDER, NAMES, payload, stored
from tests.channels.kinds import OPTIONS


@pytest.mark.parametrize("kind", OPTIONS)
def test_every_payload_is_as_stored(kind: str, renderer: Renderer) -> None:
    for name in NAMES:
        found = stored(kind, name).read_text(encoding="utf-8")
        assert payload(kind, name, renderer) == found, "if it is meant: python -m tests.channels.golden, and look at it"


def test_every_kind_that_posts_is_stored_and_no_other() -> None:
    posting = {name for name in channels.KINDS if channels._kind(name).medium in ("json", "post")}
    assert set(OPTIONS) == posting
    assert {path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*")} == {
        f"{kind}/{name}.json" for kind in OPTIONS for name in NAMES
    }
