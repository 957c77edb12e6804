"""The guards of the product, by room and topic, and what each becomes when it is taken out."""

from tests.mutants.guards import (
    absences_guards,
    answers_guards,
    backups_guards,
    bounces_guards,
    changes_guards,
    channels_guards,
    claims_guards,
    commands_guards,
    contents_guards,
    core_guards,
    daemon_guards,
    database_guards,
    deadlines_guards,
    failures_guards,
    feeds_guards,
    files_guards,
    links_guards,
    rendering_guards,
    series_guards,
    silences_guards,
    unanswered_guards,
    watches_guards,
)
from tests.mutants.guards.guard import Guard

__all__ = ["GUARDS", "Guard"]

GUARDS: tuple[Guard, ...] = (
    *deadlines_guards.GUARDS,
    *core_guards.GUARDS,
    *database_guards.GUARDS,
    *backups_guards.GUARDS,
    *changes_guards.GUARDS,
    *answers_guards.GUARDS,
    *watches_guards.GUARDS,
    *contents_guards.GUARDS,
    *claims_guards.GUARDS,
    *absences_guards.GUARDS,
    *failures_guards.GUARDS,
    *bounces_guards.GUARDS,
    *channels_guards.GUARDS,
    *files_guards.GUARDS,
    *links_guards.GUARDS,
    *commands_guards.GUARDS,
    *feeds_guards.GUARDS,
    *rendering_guards.GUARDS,
    *series_guards.GUARDS,
    *silences_guards.GUARDS,
    *unanswered_guards.GUARDS,
    *daemon_guards.GUARDS,
)
