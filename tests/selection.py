"""Which tests `make test` plays, and in which order it hands their files to its processes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.patience import EXACT

# Folders of what stands above the store, which `tests/store` shows to be the same on both kinds of database.
ABOVE_THE_STORE = ("tests/web/", "tests/actions/")
# What these show is the same on both: it is in the pages that are made of what was read, and in what is refused unread.
MADE_OF_WHAT_WAS_READ = (
    "tests/web/test_new_page.py::test_injected_text_is_text_in_every_field",
    "tests/web/test_commitment_page.py::test_injected_text_is_text_in_every_field",
    "tests/web/test_past_page.py::test_injected_text_is_text_in_every_field",
    "tests/web/test_api_authorisation.py::test_other_methods_are_refused",
    "tests/web/test_answer_pages.py::test_every_letter_of_a_token_counts",
)
# Each file is played by one process. The longest is begun first, and what is in the folders here last is short.
LONGEST = "tests/faults/test_kills.py"
FOLDERS = ("store", "web", "cli", "replay", "channels")
# These mostly wait for timers and other processes: one after another, while the others use the processors.
WAITING = ("tests/faults/", "tests/test_daemon.py", "tests/test_reload.py", "tests/cli/test_bounced_command.py")


def leave_out_repeated_cases(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Play at most one case of each test of pages, forms and permissions on PostgreSQL, and all on SQLite.

    `make web` plays all on both, and so does a run that names a test.
    """
    if EXACT or any("::" in argument for argument in config.args):
        return
    seen = set(MADE_OF_WHAT_WAS_READ)
    left_out = []
    for item in items:
        if item.nodeid.startswith(ABOVE_THE_STORE) and _is_on_postgresql(item):
            name = item.nodeid.partition("[")[0]
            if name in seen:
                left_out.append(item)
            seen.add(name)
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def _is_on_postgresql(item: pytest.Item) -> bool:
    stated = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return stated.get("database_url") == "postgresql"


def order_files(items: list[pytest.Item]) -> None:
    """Put the longest file first, those of large folders next, and spread those that wait among them."""
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    waiting = [name for name in files if name.startswith(WAITING) and name != LONGEST]
    others = sorted((name for name in files if name not in waiting), key=_place)
    items[:] = [item for name in _spread(others, waiting) for item in files[name]]


def _place(file: str) -> int:
    folder = file.split("/")[1]
    return -1 if file == LONGEST else FOLDERS.index(folder) if folder in FOLDERS else len(FOLDERS)


def _spread(files: Sequence[str], more: Sequence[str]) -> list[str]:
    """Put some files among others, at even distances, and none in the last third."""
    step = max(1, 2 * len(files) // 3 // (len(more) + 1))
    found = list(files)
    for number, file in enumerate(more):
        found.insert(1 + number * (step + 1), file)
    return found
