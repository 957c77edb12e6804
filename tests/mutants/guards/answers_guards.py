"""The guards of answers: permissions, what a form showed, and the pages behind links."""

from tests.mutants.guards.guard import Guard

GUARDS = (
    Guard(
        "only the shell may do what is not allowed",
        "core/changes.py",
        'if self.proof != "shell" and action not in self.allowed:',
        "if False:",
        "actions/test_permissions.py::test_who_may_do_nothing_changes_nothing[sqlite-move]",
    ),
    Guard(
        "each action asks whether it may be done",
        "actions/preconditions.py",
        "    change.require_allowed(action)\n",
        "",
        "actions/test_permissions.py::test_who_may_do_nothing_changes_nothing[sqlite-close]",
    ),
    Guard(
        "a form is recorded once",
        "actions/preconditions.py",
        "    if changes.was_recorded(now, shown.form):\n        raise RecordedBeforeError\n",
        "",
        "actions/test_permissions.py::test_a_form_is_recorded_once_and_says_so_when_it_comes_again[sqlite]",
    ),
    Guard(
        "an answer is to what its form showed",
        "actions/preconditions.py",
        "now.revision != shown.revision or ",
        "",
        "actions/test_permissions.py::test_an_answer_to_what_has_changed_since_changes_nothing[sqlite-close]",
    ),
    Guard(
        "an answer is to the stage that its form showed",
        "actions/preconditions.py",
        " or _stage(now, shown.occurrence, change.now) != shown.stage",
        "",
        "actions/test_permissions.py::test_an_answer_at_another_stage_than_was_shown_changes_nothing[sqlite]",
    ),
)
