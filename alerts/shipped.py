"""What comes with the package: the configuration, templates and seeds that are used where nobody has their own."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

DATABASE = "sqlite:///var/alerts.db"  # where the settings name none


def folder(name: Literal["config", "templates", "seeds"]) -> Path:
    """Find a shipped folder: in the wheel under `alerts/shipped`, in a checkout at its top."""
    package = Path(__file__).parent
    packed = package / "shipped" / name
    return packed if packed.is_dir() else package.parent / name
