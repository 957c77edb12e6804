"""What Schemathesis makes of the document of the API: each operation, all checks, with a fixed seed."""

from __future__ import annotations

import pytest

from tests.web.answering import Desk
from tests.web.api_fuzzing import schemathesis
from tests.web.daemon_site import WHOLE

pytestmark = pytest.mark.skipif(not WHOLE, reason="`make web` has the tools")


def test_what_the_document_allows_and_forbids_is_answered_as_it_states(desk: Desk) -> None:
    done = schemathesis(desk, "--seed", "18", "--max-examples", "10")
    assert done.returncode == 0, done.stdout
