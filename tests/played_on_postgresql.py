"""Which tests of the store and of deliveries `make test` plays on PostgreSQL as well; `make faults` plays all of them.

Both kinds of database get the same statements. So a test is played on PostgreSQL where it sends a statement that no
other test sends, where several act at once, and where it is the first of its file; the others, on SQLite.
"""

from __future__ import annotations

# What several do at once or in between, what migrates, and what holds every table.
WHOLE_FILES = """
test_audit_records.py test_complete_export.py test_concurrent_changes.py test_conflict_clauses.py
test_cron_upgrade.py test_database.py test_erasing.py test_large_loads.py test_listed_places.py
test_migrations.py test_replicas.py test_sessions.py test_transactions.py
""".split()
AT_ONCE = {
    "store/outbox/test_bounces.py": "reports_and_outcomes_that_are_recorded_at_once_leave_every_delivery_bounced",
    "store/outbox/test_claim.py": "what_moves_while_its_word_is_being_sent_is_told_anew_and_nothing_twice",
    "store/outbox/test_digests.py": "killed_between_any_two_batches_the_next_process_still_makes_one_digest",
    "store/outbox/test_kept_messages.py": "what_another_process_has_changed_meanwhile_stays",
    "store/outbox/test_old_deliveries.py": "what_another_process_changes_meanwhile_stays",
    "store/outbox/test_retry.py": (
        "of_two_people_who_retry_at_once_one_is_told_that_the_other_did what_is_let_go_while_it_is_being_sent_stays_so"
    ),
    "store/test_change_sets.py": (
        "a_party_that_moves_in_between_decides_the_zone an_edit_between_the_two_reads_of_a_load_is_not_undone "
        "of_what_somebody_moves_in_between_neither_a_key_nor_a_reference_is_overwritten "
        "what_comes_to_depend_on_something_in_between_follows_it what_is_closed_in_between_is_left_closed "
        "what_somebody_records_in_between_is_not_recorded_twice"
    ),
    "store/test_due_watches.py": (
        "a_rule_that_a_replica_settles_while_it_is_removed_leaves_no_watch_behind "
        "a_rule_that_another_process_registered_with_another_meaning_is_left_to_it"
    ),
    "store/test_load.py": (
        "others_are_let_in_between_two_chunks_and_nobody_waits_after_the_last "
        "what_is_moved_by_hand_while_a_load_goes_on_is_reported_and_kept"
    ),
    "store/test_new_links.py": "it_does_not_come_between_a_later_reopening_and_its_alert",
    "store/test_write_back.py": "what_changes_between_claim_and_write_back_is_evaluated_anew",
    "test_change_events.py": "two_replicas_post_each_event_once two_writers_at_once_lose_no_event",
    "test_delivery.py": "a_retry_sends_the_same_bytes_whatever_has_been_edited_meanwhile",
    "test_recomputing.py": "an_upgraded_database_moves_only_what_is_not_as_it_should_be",
    "test_rendered_at_a_claim.py": "what_is_closed_meanwhile_is_left_out_and_what_was_alone_is_superseded",
}
# Of the statements that nothing above sends, each at least once.
STATEMENTS = {
    "store/outbox/test_address_notices.py": "no_live_process_misses_the_old_address",
    "store/outbox/test_bounces.py": (
        "an_address_bounces_until_a_mail_to_it_has_stayed_for_a_day a_delivery_that_is_not_there_is_unknown "
        "what_ended_otherwise_stays_so"
    ),
    "store/outbox/test_claim.py": (
        "a_failure_waits_and_every_attempt_is_kept what_is_superseded_does_not_hide_what_comes_behind_it "
        "the_payload_of_the_first_claim_is_kept_for_every_retry who_lost_the_lease_keeps_no_payload "
        "a_claim_takes_no_more_than_asked_for_the_longest_waiting_first "
        "a_new_daemon_frees_the_leases_of_the_one_before "
        "a_word_that_was_planned_goes_to_nobody_who_was_added_since an_id_that_is_none_or_several_is_refused "
        "a_word_that_no_longer_holds_is_superseded_at_the_claim"
    ),
    "store/outbox/test_deputies.py": (
        "an_absence_that_is_ended_is_over_from_then_on "
        "a_notice_to_an_operator_who_has_left_goes_to_the_deputy_and_else_still_there"
    ),
    "store/outbox/test_digests.py": (
        "two_rules_in_several_batches_tell_one_state_once "
        "what_waits_joins_what_is_due_by_then_and_the_latest_of_one_state_goes_out "
        "reminders_of_a_process_that_has_nothing_due_join_the_digest_of_one_that_has"
    ),
    "store/outbox/test_fail_over.py": (
        "what_is_in_flight_is_not_claimed_again_when_the_clock_is_put_on "
        "a_delivery_of_another_version_holds_up_no_other"
    ),
    "store/outbox/test_holds.py": (
        "behind_a_channel_that_is_out_what_one_has_snoozed_is_not_dead_when_its_time_is_over "
        "it_is_a_revision_and_what_is_not_answered_cannot_be_taken_back "
        "behind_a_channel_that_is_out_what_all_have_snoozed_is_not_late"
    ),
    "store/outbox/test_kept_messages.py": (
        "the_subject_of_a_message_of_an_earlier_release_is_kept_with_its_links "
        "a_value_that_is_a_text_is_stored_as_json_too "
        "a_message_is_compressed_after_an_hour_and_reads_as_before "
        "a_mail_that_comes_back_later_still_is_sent_again_as_rendered_anew "
        "the_text_goes_after_the_time_that_is_set_and_the_links_stay"
    ),
    "store/outbox/test_monthly_audits.py": (
        "whatever_is_changed_later_no_longer_comes_to_what_was_stated "
        "a_month_that_cannot_be_read_holds_up_no_summary each_rule_states_what_was_worked_out_once"
    ),
    "store/outbox/test_office_hours_held.py": "it_goes_out_early_rather_than_after_the_deadline",
    "store/outbox/test_old_deliveries.py": (
        "notices_summaries_and_events_go_as_well what_may_still_be_sent_or_reported_stays "
        "an_alert_is_not_sent_again_after_its_delivery_is_gone what_stays_is_not_looked_at_in_each_sweep"
    ),
    "store/outbox/test_retry.py": "a_notice_goes_elsewhere_as_it_is",
    "store/outbox/test_silences.py": (
        "those_of_the_settings_begin_and_end_with_them what_was_tried_waits_in_its_delivery"
    ),
    "store/outbox/test_summary_deliveries.py": (
        "two_owners_of_one_address_get_one_summary_of_what_both_look_after "
        "a_rule_that_only_sums_up_watches_nothing_and_leaves_the_default_rule_to_speak "
        "what_lies_far_ahead_is_not_read_and_no_more_than_a_chunk_is_held"
    ),
    "store/outbox/test_unreachable.py": (
        "an_owner_who_has_another_address_is_gone_and_one_who_has_not_is_there "
        "a_process_of_an_earlier_version_has_whom_it_does_not_name health_names_it_while_deliveries_wait "
        "what_another_live_process_has_is_not_missing"
    ),
    "store/test_api_tokens.py": "a_token_works_for_a_year_unless_it_is_revoked",
    "store/test_calendar_uids.py": (
        "an_occurrence_that_only_follows_a_zone_raises_it_too "
        "what_happens_to_an_occurrence_raises_its_sequence_also_when_it_is_forgotten"
    ),
    "store/test_counted_from_done.py": (
        "a_reopening_does_not_make_up_for_a_lead_from_before_the_closing "
        "one_that_was_withdrawn_and_is_there_again_by_the_same_name_is_alerted"
    ),
    "store/test_dependent_series.py": (
        "a_series_that_is_stated_anew_counts_from_where_the_other_stands "
        "it_ends_with_the_other_and_what_has_come_stays what_is_forecast_is_what_is_sent"
    ),
    "store/test_due_watches.py": (
        "a_commitment_that_can_be_read_again_is_watched_again "
        "a_watch_whose_commitment_breaks_later_is_put_off_and_the_others_are_served "
        "only_what_is_due_and_asked_for_is_served one_look_that_fails_does_not_hold_up_the_others "
        "watches_of_what_is_tracked_stand_in_chunks_with_what_has_changed "
        "a_rule_that_matches_other_things_now_follows_them_and_keeps_its_cursors "
        "what_is_new_and_touched_before_the_first_look_says_the_latest_that_it_would_have_said "
        "an_idle_tick_costs_the_same_however_much_is_tracked"
    ),
    "store/test_feeds.py": (
        "an_occurrence_that_was_closed_again_ended_the_last_time "
        "a_person_that_nobody_declares_and_a_name_that_is_taken_are_refused "
        "two_processes_that_note_a_use_write_once a_feed_ends_when_its_person_leaves "
        "a_feed_ends_with_its_person_an_hour_after_the_settings_have_left_them_out "
        "a_feed_shows_what_its_filter_asks_for"
    ),
    "store/test_link_revocations.py": "what_waits_for_that_recipient_is_rendered_anew",
    "store/test_load.py": (
        "a_move_that_would_break_what_hangs_on_it_is_refused "
        "a_load_that_was_interrupted_is_finished_by_repeating_it "
        "keys_of_the_file_that_are_used_across_chunks_resolve"
    ),
    "store/test_measurements.py": "what_is_snoozed_is_no_backlog",
    "store/test_occurrences.py": (
        "a_move_of_the_whole_is_told_once_and_keeps_what_is_closed what_is_foretold_is_what_is_said"
    ),
    "store/test_owner_answers.py": "an_answer_begins_it_anew_however_they_are_named",
    "store/test_rearming.py": (
        "a_summary_of_the_wrong_year_does_not_keep_back_the_next occurrences_and_a_digest_are_armed_again_too"
    ),
    "store/test_registry.py": (
        "what_is_next_leaves_out_what_nobody_plans a_load_changes_nobody_who_is_registered "
        "a_rule_that_comes_back_after_it_ended_begins_anew"
    ),
    "store/test_renewals.py": "an_upgrade_finds_what_was_answered_before",
    "store/test_reopened.py": "an_occurrence_of_what_is_closed_as_a_whole_names_what_to_do",
    "store/test_restated_closed.py": (
        "an_upgrade_gives_back_the_deadline_of_closed_bounds_and_names_what_comes_back "
        "what_the_file_states_no_more_is_named_no_more "
        "what_was_closed_by_hand_left_and_came_back_is_named_too "
        "what_somebody_reopened_by_hand_is_named_no_more"
    ),
    "store/test_sources.py": "what_was_loaded_before_there_were_several_is_unchanged_when_it_is_loaded_again",
    "store/test_write_back.py": (
        "a_rule_that_is_removed_is_not_written_back_and_goes_on_where_it_is_put_back "
        "of_two_commitments_the_one_that_a_replica_has_claimed_since_is_left_to_it "
        "where_the_lease_is_over_and_a_replica_has_written_the_first_writes_nothing "
        "no_process_takes_the_other_rules_of_what_another_has_claimed "
        "a_claim_of_a_clock_that_was_put_back_an_hour_holds_up_nothing"
    ),
    "test_change_events.py": (
        "a_dead_event_fails_the_health_and_goes_to_nobody_else who_unsubscribes_gets_nothing_more"
    ),
    "test_delivery.py": (
        "who_wakes_up_after_its_lease_sends_nothing_that_another_took_over "
        "what_is_in_flight_is_sent_once_though_its_lease_seems_to_have_ended "
        "who_wakes_up_after_its_lease_begins_nothing"
    ),
    "test_process_status.py": "it_takes_its_rules_back_once_nobody_runs_the_others",
    "test_recomputing.py": "a_day_that_newer_data_begin_at_another_instant_is_looked_at_again_and_not_told",
    "test_rendered_at_a_claim.py": "what_was_stored_without_its_entries_goes_out_as_it_is",
}
