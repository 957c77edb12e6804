"""The guards of: backups, restored databases, and sending that is held."""

from tests.mutants.guards.guard import Guard

_BACKUP, _RESTORE = "store/test_backup.py::", "store/test_restore.py::"
_HELD = "store/outbox/test_held_sending.py::test_nothing_is_claimed_until_sending_is_resumed[sqlite]"

GUARDS = (
    Guard(
        "nothing is claimed while sending is held",
        "store/outbox/due_deliveries.py",
        "    may_send(),\n    _D.id",
        "    _D.id",
        _HELD,
    ),
    Guard(
        "a worker does not ask again and again while sending is held",
        "store/outbox/due_deliveries.py",
        "served, may_send())",
        "served)",
        _HELD,
    ),
    Guard(
        "a backup that another tool has put in place holds sending",
        "store/held_sending.py",
        "frozenset({HELD, BACKUP})",
        "frozenset({HELD})",
        "cli/test_backup_commands.py::test_a_backup_that_was_copied_over_the_database_sends_nothing_again_either",
    ),
    Guard(
        "the schedule of what has waited counts from the end of a hold",
        "store/held_sending.py",
        "            connection.execute(update(deliveries).where(OPEN, waited).values(held_until=now))\n",
        "",
        "store/outbox/test_held_sending.py::"
        "test_what_has_waited_for_the_end_of_a_hold_is_tried_as_long_as_what_is_new[sqlite]",
    ),
    Guard(
        "the end of a hold ends no snooze",
        "store/held_sending.py",
        "where(OPEN, waited)",
        "where(OPEN)",
        "store/outbox/test_held_sending.py::test_the_end_of_a_hold_ends_no_snooze[sqlite]",
    ),
    Guard(
        "a restored database holds sending",
        "store/restore.py",
        "        store.held_sending.hold(taken_at, now)\n",
        "",
        f"{_RESTORE}test_sending_is_held_until_it_is_released",
    ),
    Guard(
        "the heartbeat ceases while sending is held",
        "process_status.py",
        "self._hold is None and ",
        "",
        "test_process_status.py::test_a_hold_is_logged_at_each_start_and_stops_the_heartbeat_until_it_ends[sqlite]",
    ),
    Guard(
        "nothing is restored over a daemon",
        "store/restore.py",
        "held.enter_context(daemon_lock(database))",
        "pass",
        f"{_RESTORE}test_it_is_refused_over_a_daemon_a_turn_and_a_process_that_writes",
    ),
    Guard(
        "a journal of the database before is not applied to the restored one",
        "store/restore.py",
        '        _move_journals(database, database.with_name(f"{database.name}.without-database"))\n',
        "",
        f"{_RESTORE}test_a_journal_is_not_applied_to_the_restored_database[False]",
    ),
    Guard(
        "the database before is kept",
        "store/restore.py",
        "            kept.hardlink_to(database)\n",
        "            pass\n",
        f"{_RESTORE}test_the_backup_takes_the_place_of_the_database_which_is_kept",
    ),
    Guard(
        "the database itself is not overwritten by its backup",
        "store/backup.py",
        " or target.samefile(database)",
        "",
        f"{_BACKUP}test_the_database_itself_is_never_overwritten",
    ),
    Guard(
        "a backup has no secrets in its free pages",
        "store/backup.py",
        "        if with_secrets:\n",
        "        if True:\n",
        f"{_BACKUP}test_what_gives_access_is_left_out_to_the_last_byte[False]",
    ),
    Guard(
        "nobody writes while a backup copies the bytes",
        "store/backup.py",
        '        source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # takes the lock of a reader\n',
        "",
        f"{_BACKUP}test_a_backup_is_one_state_of_the_database_while_another_process_writes_all_the_time",
    ),
)
