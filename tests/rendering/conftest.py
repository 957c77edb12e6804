"""One renderer of the shipped templates for all tests: it compiles each once."""

from __future__ import annotations

import pytest

from alerts.rendering import Renderer
from tests.rendering.factories import TEMPLATES


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    return Renderer([TEMPLATES])
