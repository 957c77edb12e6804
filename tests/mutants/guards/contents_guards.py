"""The guards of: what deliveries carry, and when that is stale, held or gathered."""

from tests.mutants.guards.guard import Guard

GUARDS = (
    Guard(
        "a digest has what was gathered while it was worked out",
        "store/outbox/digests.py",
        " if waiting == found.by_id.keys() else None",
        "",
        "store/test_short_transactions.py::test_what_is_gathered_while_a_digest_is_worked_out_is_in_it",
    ),
    Guard(
        "a digest is worked out outside of a transaction",
        "store/outbox/digests.py",
        "        stale: set[UUID] = set()\n",
        "            _sealed(mine, rows, (), now)\n        stale: set[UUID] = set()\n",
        "store/test_short_transactions.py::test_another_process_can_write_while_a_digest_is_worked_out",
    ),
    Guard(
        "what is stale stands for nothing else in a digest",
        "store/outbox/digests.py",
        " if one.reminders[0].id not in stale",
        "",
        "store/outbox/test_office_hours_held.py::test_what_has_become_stale_while_it_waited_stands_for_nothing_else[sqlite]",
    ),
    Guard(
        "commitments are built outside of a transaction",
        "store/queries.py",
        "            yield build(rows, single)",
        "                yield build(rows, single)",
        "store/test_short_transactions.py::test_another_process_can_write_while_commitments_are_built[all]",
    ),
    Guard(
        "a reminder that is there is no new one",
        "store/outbox/enqueue.py",
        "addressed_reminder.reminder.id in fresh)",
        "addressed_reminder.reminder.id)",
        "store/outbox/test_claim.py::test_a_word_that_was_planned_goes_to_nobody_who_was_added_since[sqlite]",
    ),
    Guard(
        "an end that its recipient knows is not sent again",
        "store/outbox/repeated_ends.py",
        "same_end = {one for one, other in before.items() if",
        "same_end = {one for one, other in before.items() if False and",
        "store/test_reopened.py::"
        "test_what_is_closed_again_before_a_tick_is_told_again_only_where_that_is_news[sqlite-same]",
    ),
    Guard(
        "an end other than the one that its recipient knows is sent",
        "store/outbox/repeated_ends.py",
        'ends[one[1]][0] == "closed" and ends[one[1]] == ends[other]',
        'ends[other][0] == "closed"',
        "store/test_reopened.py::"
        "test_what_is_closed_again_before_a_tick_is_told_again_only_where_that_is_news[sqlite-other-end]",
    ),
    Guard(
        "an end that was undone goes out no more",
        "store/outbox/stale_reminders.py",
        'if reminder.kind == "closed" and tracked.open:',
        "if False:",
        "store/test_reopened.py::test_an_end_that_has_not_gone_out_yet_goes_out_no_more[sqlite]",
    ),
    Guard(
        "reminders and deliveries in one transaction",
        "store/outbox/enqueue.py",
        "    envelopes = [*found.at_once,",
        "    connection.connection.commit()\n    envelopes = [*found.at_once,",
        "store/test_transactions.py::"
        "test_a_batch_that_fails_half_way_is_planned_whole_the_next_time[sqlite-deliveries]",
    ),
    Guard(
        "deliveries and what they carry in one transaction",
        "store/outbox/enqueue.py",
        "    filled: set[UUID] = set()",
        "    connection.connection.commit()\n    filled: set[UUID] = set()",
        "store/test_transactions.py::test_a_batch_that_fails_half_way_is_planned_whole_the_next_time[sqlite-carried]",
    ),
    Guard(
        "a reminder of old bounds is not sent",
        "store/outbox/stale_reminders.py",
        "if reminder.fingerprint != tracked.bounds.fingerprint and",
        "if not tracked.bounds.fingerprint and",
        "store/outbox/test_claim.py::test_a_word_that_no_longer_holds_is_superseded_at_the_claim[sqlite-pending-moved]",
    ),
    Guard(
        "a reminder of what is closed is not sent",
        "store/outbox/stale_reminders.py",
        "if not tracked.open:",
        "if not tracked.commitment:",
        "store/outbox/test_claim.py::"
        "test_a_word_that_no_longer_holds_is_superseded_at_the_claim[sqlite-pending-closed]",
    ),
    Guard(
        "what is acknowledged is not repeated",
        "store/outbox/stale_reminders.py",
        "if seen and all(silences(",
        "if False and all(silences(",
        "store/outbox/test_claim.py::test_an_acknowledgement_supersedes_repeats_only",
    ),
    Guard(
        "a later reminder replaces the one before",
        "store/outbox/stale_reminders.py",
        'link["id"]) in self.replaced:',
        'link["id"]) in ():',
        "store/outbox/test_claim.py::test_a_later_word_supersedes_one_that_could_not_be_sent[sqlite]",
    ),
    Guard(
        "a later reminder that was planned before replaces nothing that is handed on with it",
        "store/outbox/stale_reminders.py",
        'other.reminder["planned_at"] >= link["planned_at"]',
        'other.reminder["planned_at"]',
        "store/outbox/test_deputies.py::"
        "test_an_alert_of_another_rule_that_was_planned_later_goes_to_the_deputy_too[sqlite-False]",
    ),
    Guard(
        "a later reminder replaces one to the same recipient only",
        "store/outbox/other_alerts.py",
        'alert_digest(key, link["channel"], link["recipient"])',
        'alert_digest(key, link["channel"], "")',
        "store/outbox/test_claim.py::test_a_later_word_supersedes_one_that_could_not_be_sent[sqlite]",
    ),
    Guard(
        "the same alert goes to each recipient",
        "store/alert_digests.py",
        "(*what, at, channel, recipient)",
        "(*what, at, channel)",
        "store/outbox/test_digests.py::"
        "test_several_batches_due_at_one_firing_are_one_digest_for_each_recipient[sqlite]",
    ),
    Guard(
        "the same alert by two rules goes to a recipient once",
        "store/outbox/enqueue.py",
        '"alert": alert_digest(reminder.alert_key, one.channel, one.recipient)',
        '"alert": reminder.id.bytes[:8] + delivery_id.bytes[:8]',
        "store/outbox/test_claim.py::test_two_rules_on_different_crons_tell_it_once[sqlite]",
    ),
    Guard(
        "the key of an alert does not give away an erased address",
        "store/erased_rows.py",
        'if table is _D and changed.keys() & {"channel", "recipient"}:',
        "if False:",
        "store/test_erasing.py::test_the_keys_of_alerts_are_no_longer_digests_of_the_address[sqlite]",
    ),
    Guard(
        "when the next alerts go out is forgotten with the text",
        "store/outbox/kept_messages.py",
        "_CHANGE.values(next_alert_at={})",
        "_CHANGE",
        "store/outbox/test_kept_messages.py::test_the_text_goes_after_the_time_that_is_set_and_the_links_stay[sqlite]",
    ),
    Guard(
        "what has no text any more leaves the room to others",
        "store/outbox/kept_messages.py",
        'if becomes == SHORTENED and connection.dialect.name == "sqlite":',
        "if False:",
        "store/outbox/test_kept_messages.py::test_what_has_no_text_any_more_leaves_the_room_to_others",
    ),
    Guard(
        "a firing is summed up and noted in one transaction",
        "store/outbox/summary_deliveries.py",
        "            rows = [",
        "            connection.connection.commit()\n            rows = [",
        "store/outbox/test_summary_deliveries.py::"
        "test_one_that_fails_to_be_written_down_is_made_by_the_next_turn[sqlite]",
    ),
    Guard(
        "a rule states the audit of a month once",
        "store/outbox/summary_deliveries.py",
        "            if scope.audit and rows:",
        "            if False:",
        "store/outbox/test_monthly_audits.py::"
        "test_the_first_of_a_month_states_the_month_before_and_the_second_does_not[sqlite]",
    ),
    Guard(
        "a month is audited once it was over for an hour",
        "core/audited_months.py",
        "(firing - SETTLED_AFTER)",
        "firing",
        "store/outbox/test_monthly_audits.py::test_a_month_is_stated_once_it_was_over_for_an_hour",
    ),
    Guard(
        "what a clock that was ahead has kept of a month is not believed",
        "store/stated_months.py",
        "where(_M.name == name, _M.at <= now)",
        "where(_M.name == name)",
        "store/outbox/test_monthly_audits.py::test_what_a_clock_stated_that_was_ahead_is_worked_out_anew[sqlite]",
    ),
    Guard(
        "a month that cannot be read holds up no summary",
        "views/monthly_audits.py",
        "except Exception:",
        "except ZeroDivisionError:",
        "store/outbox/test_monthly_audits.py::test_a_month_that_cannot_be_read_holds_up_no_summary[sqlite]",
    ),
    Guard(
        "a summary that a later one has followed is stale",
        "store/outbox/summary_deliveries.py",
        "if row and row.summarised_at > scopes[one].firing}",
        "if False}",
        "store/outbox/test_summary_deliveries.py::"
        "test_one_that_a_later_one_has_followed_does_not_go_out_any_more[sqlite]",
    ),
    Guard(
        "hours after its snooze a held reminder lets the later one be planned first",
        "store/outbox/holds.py",
        "_O.snoozed_until.is_not(None), _R",
        '_O.snoozed_until > bindparam("over_since"), _R',
        "store/outbox/test_holds.py::"
        "test_where_the_next_firing_is_hours_after_the_end_the_later_word_is_planned_first[sqlite-True]",
    ),
    Guard(
        "a held reminder waits while the later one is gathered",
        "store/outbox/holds.py",
        " or (*(link[name] for name in destination), *mine) in gathered:",
        ":",
        "store/outbox/test_holds.py::"
        "test_what_was_held_waits_for_the_later_word_while_that_is_gathered_for_a_digest[sqlite]",
    ),
    Guard(
        "a move that did not get through is sent with the next",
        "store/outbox/stale_reminders.py",
        "        replaced |= moved_again(connection, links)\n",
        "",
        "store/outbox/test_claim.py::test_the_words_of_a_move_and_of_an_end_outlive_what_comes_after[sqlite]",
    ),
    Guard(
        "a digest waits for all that is due",
        "store/outbox/digests.py",
        "return _any_due(connection, rules, now) or _any_ready(connection, now)",
        "return False",
        "store/outbox/test_digests.py::"
        "test_several_batches_due_at_one_firing_are_one_digest_for_each_recipient[sqlite]",
    ),
    Guard(
        "nothing is sealed while another replica has what is due",
        "store/outbox/digests.py",
        'return connection.execute(_ANY_DUE, {"rules": list(rules), "now": now}).first() is not None',
        "return False",
        "store/outbox/test_digests.py::test_a_replica_that_holds_on_to_what_is_due_is_waited_for_but_not_for_ever",
    ),
    Guard(
        "nothing is sealed when something comes due while a digest is worked out",
        "store/outbox/digests.py",
        "if _any_due(connection, planned, now) and not",
        "if False and not",
        "store/outbox/test_digests.py::test_what_comes_due_while_a_digest_is_worked_out_is_waited_for",
    ),
    Guard(
        "what is armed again finds no delivery of the same in its way",
        "store/outbox/rearm.py",
        "    for some in chunks(carried):",
        "    for some in chunks(()):",
        "store/test_rearming.py::test_what_the_wrong_clock_sent_goes_out_again_at_its_time_and_once[sqlite]",
    ),
    Guard(
        "moves that were sent are not sent again when a clock is put right",
        "store/outbox/rearm.py",
        ", _R.revision.is_(None))",
        ")",
        "store/test_rearming.py::test_moves_and_closings_that_were_told_stay_told[sqlite]",
    ),
    Guard(
        "at a firing where one's own snooze ends the later reminder is planned first",
        "store/outbox/holds.py",
        '"over_since": now - PLANNED_BY}',
        '"over_since": now}',
        "store/outbox/test_holds.py::"
        "test_at_a_firing_where_ones_own_snooze_ends_only_the_later_reminder_goes_out[sqlite]",
    ),
    Guard(
        "what was gathered in several turns is merged, too",
        "store/outbox/digests.py",
        "    merged = merge(one.reminders[0] for one in found if one.reminders[0].id not in stale)",
        "    merged: dict[UUID, Any] = {}",
        "store/outbox/test_digests.py::"
        "test_what_waits_joins_what_is_due_by_then_and_the_latest_of_one_state_goes_out[sqlite]",
    ),
    Guard(
        "of the reports that have waited together the latest goes out",
        "core/reminder_merging.py",
        "            merged |= _earlier_reports(together)\n",
        "",
        "store/test_unanswered.py::test_of_the_reports_that_a_silence_has_held_back_the_latest_goes_out[sqlite-normal-4]",
    ),
    Guard(
        "a report that waits gives way to a later one",
        "store/outbox/stale_reminders.py",
        " | _reported_again(connection, links)",
        "",
        "store/test_unanswered.py::"
        "test_of_the_reports_that_a_silence_has_held_back_the_latest_goes_out[sqlite-critical-3]",
    ),
)
