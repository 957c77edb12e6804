"""Packages for Node.js that tests use, installed into a folder of their own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.web.daemon_site import tool


def install(files: Path, folder: Path) -> Path:
    """Copy the files of a package, and install what it depends on there. Returns the folder."""
    shutil.copytree(files, folder, dirs_exist_ok=True)
    command = [tool("npm"), "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
    return folder
