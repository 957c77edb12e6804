"""Which tests `make test` plays, and in which order it hands their files to its processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from tests import played_on_postgresql as listed_tests
from tests.patience import EXACT

# Tests of pages and forms, and of permissions: what they show of a database, `tests/store` shows on both kinds.
PAGES, PERMISSIONS = "tests/web/", "tests/actions/"
# What of `tests/web` is played on PostgreSQL as well. First, of the statements that only pages send it, each at least
# once; then what several do at once, and what fails there in its own way.
ON_BOTH = {
    "test_absence_page.py": "a_form_that_comes_again_after_its_absence_was_ended_records_nothing",
    "test_api_commitments.py": "a_token_of_one_owner_finds_only_what_they_own",
    "test_api_reading.py": "deliveries_are_listed_a_page_at_a_time_the_latest_first"
    " a_token_of_one_owner_learns_no_dates_of_others",
    "test_commitment_page.py": "of_many_dependants_and_changes_it_shows_some",
    "test_configuration_pages.py": "warnings_are_grouped_and_lead_to_what_they_are_about",
    "test_due_page.py": "many_are_paged_and_a_page_stays_small without_anything_it_says_so",
    "test_import_page.py": "a_look_shows_what_a_load_would_do_and_the_load_does_it",
    "test_new_page.py": "what_is_tracked_leads_to_its_page_with_what_happens_next",
    "test_past_register.py": "injected_text_is_text_in_every_field",
    "test_plan_page.py": "where_more_than_it_can_show_go_out_at_once_it_shows_some"
    " while_more_is_worked_out_than_it_can_show_it_does_not_say_that_nothing_follows",
    "test_several_page.py": "as_many_as_a_page_lists_can_be_answered_at_once_whatever_their_keys",
    "test_silence_page.py": "all_silences_that_apply_are_shown_and_can_be_ended_and_no_other",
}
AT_ONCE_OR_FAILING = {
    "test_absence_page.py": "twenty_at_once_record_one recorded_is_said_only_after_the_commit",
    "test_answer_list.py": "pressed_twice_and_by_twenty_it_is_recorded_once",
    "test_api.py": "twenty_at_once_with_one_key_record_one"
    " a_database_that_cannot_be_used_is_a_problem_with_a_time_to_try_again",
    "test_api_commitments.py": "two_at_once_change_one_after_the_other_and_nothing_is_lost"
    " text_that_nothing_can_store_is_a_problem",
    "test_commitment_page.py": "of_two_editors_the_second_sees_both_and_nothing_is_lost"
    " where_the_database_cannot_be_written_to_it_says_that_nothing_was_recorded",
    "test_handler_threads.py": "one_request_at_a_time_reads_sqlite_and_several_read_postgresql"
    " a_visit_reads_the_database_in_one_transaction nothing_is_written_in_a_snapshot",
    "test_keys_and_restore.py": "after_a_restore_a_link_answers_what_the_database_knows",
    "test_scanners.py": "twenty_at_once_make_one_revision twenty_different_forms_at_once_make_one_revision",
    "test_silence_page.py": "recorded_is_said_only_after_the_commit",
    "test_two_editors.py": "of_programs_that_change_what_they_read_one_is_recorded_and_each_other_learns_of_it"
    " notes_of_programs_that_replace_nothing_are_all_kept"
    " each_editor_who_comes_late_sees_what_came_before_and_loses_nothing"
    " of_two_who_answer_several_each_commitment_has_the_answer_of_one"
    " of_an_editor_of_several_one_of_a_page_and_a_program_one_is_recorded",
}
PLAYED = {
    f"{folder}{file}::test_{name}"
    for folder, listed in (
        (PAGES, ON_BOTH),
        (PAGES, AT_ONCE_OR_FAILING),
        ("tests/", listed_tests.AT_ONCE),
        ("tests/", listed_tests.STATEMENTS),
    )
    for file, names in listed.items()
    for name in names.split()
}
# Of the store and of deliveries; `tests/played_on_postgresql.py` says which. What channels do knows of no database.
STORE, CHANNELS = ("tests/store/", "tests/test_"), "tests/channels/"
WHOLE_FILES = {f"tests/store/{file}" for file in listed_tests.WHOLE_FILES}
# Each file is played by one process. The longest is begun first, and what is in the folders here last is short.
LONGEST = "tests/faults/test_kills.py"
FOLDERS = ("store", "web", "cli", "replay", "channels")
# These mostly wait for timers and other processes: one after another, while the others use the processors.
WAITING = ("tests/faults/", "tests/test_daemon.py", "tests/test_reload.py", "tests/cli/test_bounced_command.py")


def leave_out_repeated_cases(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Play on SQLite what is the same on both databases, and few of its cases on PostgreSQL.

    Of pages, forms and permissions, those are one case of each test of permissions, of each test that is listed above,
    and of the first test of each file of pages. Of the store and of deliveries, they are all cases of what
    `tests/played_on_postgresql.py` lists, and of the first test of each file. `make web` and `make faults` play all on
    both, and so does a run that names a test.
    """
    if EXACT or any("::" in argument for argument in config.args):
        return
    seen = dict[str, str]()  # by test, and by file: the first test
    left_out = set[pytest.Item]()
    for item in items:
        if _is_on_postgresql(item):
            name = item.nodeid.partition("[")[0]
            file = name.partition("::")[0]
            if _is_repeated(name, file, seen):
                left_out.add(item)
            seen.setdefault(name, name)
            seen.setdefault(file, name)
    config.hook.pytest_deselected(items=sorted(left_out, key=lambda item: item.nodeid))
    items[:] = [item for item in items if item not in left_out]


def _is_repeated(name: str, file: str, seen: Mapping[str, str]) -> bool:
    if name.startswith((PAGES, PERMISSIONS)):
        return name in seen or (file in seen and file.startswith(PAGES) and name not in PLAYED)
    if name.startswith(STORE):
        return file not in WHOLE_FILES and name not in PLAYED and seen.get(file, name) != name
    return name.startswith(CHANNELS)


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
