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
    Guard(
        "kept: an upload goes after its hour",
        "store/uploads.py",
        "if has_old:",
        "if False:",
        "store/test_uploads.py::test_the_daemon_deletes_uploads_that_were_kept_for_their_hour[sqlite]",
    ),
    Guard(
        "kept: one answer to several is to what the preview showed",
        "web/pages/several_answers.py",
        "    return replace(row, seen=seen)\n",
        "    return row\n",
        "web/test_several_page.py::"
        "test_what_has_changed_since_the_preview_is_left_out_and_the_others_are_recorded[sqlite]",
    ),
)
