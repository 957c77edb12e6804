"""The guards of the product, by room, and what each becomes when it is taken out."""

from tests.mutants.guards import (
    channels_guards,
    commands_guards,
    core_guards,
    daemon_guards,
    deadlines_guards,
    files_guards,
    outbox_guards_1,
    outbox_guards_2,
    rendering_guards,
    store_guards_1,
    store_guards_2,
)
from tests.mutants.guards.guard import Guard

__all__ = ["GUARDS", "Guard"]

GUARDS: tuple[Guard, ...] = (
    *deadlines_guards.GUARDS,
    *core_guards.GUARDS,
    *outbox_guards_1.GUARDS,
    *outbox_guards_2.GUARDS,
    *store_guards_1.GUARDS,
    *store_guards_2.GUARDS,
    *channels_guards.GUARDS,
    *files_guards.GUARDS,
    *commands_guards.GUARDS,
    *rendering_guards.GUARDS,
    *daemon_guards.GUARDS,
)
