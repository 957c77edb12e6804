"""The guards of: what pages take in."""

from tests.mutants.guards.guard import Guard

GUARDS = (
    Guard(
        "an upload is loaded only as it was shown",
        "web/intake/import_steps.py",
        "    if found.digest != request.shown:",
        "    if False:",
        "web/test_import_page.py::test_what_has_changed_since_the_look_is_shown_again_before_it_is_loaded",
    ),
    Guard(
        "an upload is loaded once",
        "web/intake/import_steps.py",
        "if request.is_load and (before := result_of(store.database, request.form)) is not None:",
        "if False and (before := result_of(store.database, request.form)) is not None:",
        "web/test_import_page.py::test_a_load_is_done_once",
    ),
    Guard(
        "an upload declares and changes nobody",
        "web/intake/import_steps.py",
        "        if new:",
        "        if False:",
        "web/test_import_page.py::test_an_upload_declares_and_changes_nobody",
    ),
    Guard(
        "what a page tracks is tracked once",
        "web/pages/new_page.py",
        "        change = Change.of(reading.visitor.actor(form.name), reading.now, REASON, request=request)",
        "        change = Change.of(reading.visitor.actor(form.name), reading.now, REASON)",
        "web/test_new_page.py::test_a_form_is_recorded_once_and_a_preview_keeps_it[sqlite]",
    ),
)
