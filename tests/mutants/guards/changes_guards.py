"""The guards of: loads, edits, moves, answers and reopenings."""

from tests.mutants.guards.guard import Guard

GUARDS = (
    Guard(
        "commands resolve with the zone that is stored",
        "store/snapshot.py",
        "return DeadlineResolver(parties, stored_zone(connection, zone))",
        "return DeadlineResolver(parties, zone)",
        "test_recomputing.py::test_a_zone_that_is_set_after_loading_reaches_what_it_concerns_and_is_told[sqlite]",
    ),
    Guard(
        "deadlines that were to be worked out anew are so by the next process",
        "store/resolution_inputs.py",
        "                return waits\n",
        "                return None\n",
        "test_recomputing.py::test_what_was_interrupted_is_finished_by_the_next[sqlite]",
    ),
    Guard(
        "a day that begins at another instant is looked at again",
        "core/change_set.py",
        "refresh=shifted or before.bounds != bounds",
        "refresh=before.bounds != bounds",
        "test_recomputing.py::"
        "test_a_day_that_newer_data_begin_at_another_instant_is_looked_at_again_and_not_told[sqlite]",
    ),
    Guard(
        "a reopening makes a version of its own",
        "core/change_set.py",
        "version = now.bounds_version + 1",
        "version = now.bounds_version",
        "store/test_reopened.py::test_it_is_a_revision_and_a_new_version_of_its_bounds[sqlite]",
    ),
    Guard(
        "a reopening ends an acknowledgement",
        "store/change_writer.py",
        "        occurrence_rows.end_acknowledgement(connection, _O.commitment_id.in_(ids), now)\n",
        "",
        "store/test_reopened.py::test_it_ends_an_acknowledgement[sqlite]",
    ),
    Guard(
        "what is closed is not edited by a file in silence",
        "core/load_decisions.py",
        'if self.status == "open":',
        "if True:",
        "store/test_restated_closed.py::test_it_is_named_and_left_as_it_is_and_the_rest_loads[sqlite-stated1-fields1]",
    ),
    Guard(
        "what has left its file is stated anew when it comes back",
        "store/commitment_store.py",
        ", loaded_from=restated_closed.LEFT)",
        ")",
        "store/test_restated_closed.py::test_what_left_its_file_and_comes_back_as_it_was_is_named[sqlite]",
    ),
    Guard(
        "no other installation makes the same UID",
        "store/calendar_uids.py",
        "uuid4().hex",
        '"0"',
        "store/test_calendar_uids.py::test_a_delivery_carries_an_entry_that_no_other_installation_makes[sqlite-sqlite]",
    ),
    Guard(
        "a change raises the SEQUENCE",
        "store/rows.py",
        "        raise_sequences(connection, {row[",
        "        raise_sequences(connection, {0 and row[",
        "store/test_calendar_uids.py::test_each_change_raises_the_sequence[sqlite-moved-back] "
        "store/test_calendar_uids.py::test_each_change_raises_the_sequence[sqlite-closed]",
    ),
    Guard(
        "an occurrence that follows a zone raises the SEQUENCE",
        "store/occurrence_rows.py",
        '                raise_sequences(connection, [row["commitment_id"]])',
        "                pass",
        "store/test_calendar_uids.py::test_an_occurrence_that_only_follows_a_zone_raises_it_too[sqlite]",
    ),
    Guard(
        "what a snooze held goes when that is over",
        "store/answer_rows.py",
        "connection.execute(held.values(held_until=now))",
        "held.values(held_until=now)",
        "store/outbox/test_holds.py::test_what_ends_a_snooze_lets_go_what_it_held[sqlite-closed]",
    ),
    Guard(
        "what was silenced stays so after a move",
        "store/occurrence_rows.py",
        "held.values(acknowledged_ended=now)",
        "held.values(acknowledged_at=None)",
        "store/test_changes.py::test_what_was_silenced_stays_so_after_a_move_there_and_back[sqlite]",
    ),
    Guard(
        "an acknowledgement ends with the bounds",
        "store/occurrence_rows.py",
        "    for some in chunks(ended):",
        "    for some in ():",
        "store/test_changes.py::test_a_move_takes_the_acknowledgement_away_from_all_that_moves[sqlite]",
    ),
    Guard(
        "what recurs is answered one occurrence at a time",
        "actions/preconditions.py",
        "    if recurs is not None and not all_occurrences:",
        "    if False:",
        "cli/test_pasted.py::test_what_recurs_is_answered_one_occurrence_at_a_time",
    ),
    Guard(
        "a file does not undo an edit that it contradicts",
        "core/load_decisions.py",
        "stored.stated[name] not in (value, last[name])",
        'name == "deadline" and stored.stated[name] not in (value, last[name])',
        "store/test_edits.py::"
        "test_a_file_that_stayed_the_same_does_not_undo_an_edit_and_one_that_changed_is_in_conflict",
    ),
    Guard(
        "an edit names only what is declared",
        "actions/edit.py",
        "        changes.require_all_known(wanted, change.now, now.commitment)\n",
        "",
        "store/test_edits.py::test_what_is_not_known_is_refused_and_nothing_is_stored",
    ),
    Guard(
        "the source of a move is the one that alerts cite",
        "actions/move.py",
        "moved.citing_first(cited) if cited else moved",
        "moved",
        "store/test_sources.py::test_an_alert_cites_the_newest_and_knows_those_before[sqlite]",
    ),
    Guard(
        "what was loaded before there were several sources is not undone",
        "core/load_decisions.py",
        '{"earlier_sources": [], **self.loaded}',
        "dict(self.loaded)",
        "store/test_sources.py::"
        "test_what_was_loaded_before_there_were_several_is_unchanged_when_it_is_loaded_again[sqlite]",
    ),
    Guard(
        "all of a series is acknowledged as far as it has come",
        "actions/acknowledge.py",
        'and stage_of(one.bounds, now) != "ahead"]',
        "]",
        "cli/test_pasted.py::test_all_of_a_series_is_acknowledged_one_occurrence_at_a_time_as_far_as_it_has_come",
    ),
    Guard(
        "several keys in one command are all done or none",
        "actions/all_or_none.py",
        "    refuse(errors)\n",
        "",
        "cli/test_pasted.py::test_several_are_closed_in_one_command_or_none",
    ),
    Guard(
        "a load writes nothing that was computed from what has changed since",
        "store/file_load.py",
        "        if is_current(connection, change_set, resolver):",
        "        if True:",
        "store/test_change_sets.py::"
        "test_of_what_somebody_moves_in_between_neither_a_key_nor_a_reference_is_overwritten[sqlite]",
    ),
    Guard(
        "what comes to depend on something during a load follows it",
        "store/snapshot.py",
        "return change_set.followers.issuperset(_followers(connection, moves))",
        "return True",
        "store/test_change_sets.py::test_what_comes_to_depend_on_something_in_between_follows_it[sqlite]",
    ),
    Guard(
        "a load resolves with the zones of the parties as they are when it stores",
        "store/snapshot.py",
        "if resolver != change_set.resolver or _stamps",
        "if _stamps",
        "store/test_change_sets.py::test_a_party_that_moves_in_between_decides_the_zone[sqlite]",
    ),
    Guard(
        "a load that decides about an older state than it computes with computes again",
        "store/file_load.py",
        "return {key: (tracked, read[key]) for key, (tracked, _) in stored.items()}",
        "return stored",
        "store/test_change_sets.py::test_an_edit_between_the_two_reads_of_a_load_is_not_undone[sqlite]",
    ),
)
