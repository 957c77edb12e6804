"""The guards of: watches, rules and the people of the settings."""

from tests.mutants.guards.guard import Guard

GUARDS = (
    Guard(
        "deliveries and the moved watch in one transaction",
        "store/write_back.py",
        "        gather = digests",
        "        connection.connection.commit()\n        gather = digests",
        "store/test_transactions.py::test_a_batch_that_fails_half_way_is_planned_whole_the_next_time[sqlite-reminders]",
    ),
    Guard(
        "a replica does not plan what another is planning",
        "store/claimed_watches.py",
        '"real": real, "longest_lease"',
        '"real": real + 2 * LEASE, "longest_lease"',
        "store/test_replicas.py::test_watches_that_a_replica_holds_are_left_to_it "
        "store/test_write_back.py::test_no_process_takes_the_other_rules_of_what_another_has_claimed[sqlite]",
    ),
    Guard(
        "a broken watch holds up no other",
        "store/watched_commitments.py",
        "    except Exception:\n        ids =",
        "    except ZeroDivisionError:\n        ids =",
        "store/test_due_watches.py::"
        "test_a_watch_whose_commitment_breaks_later_is_put_off_and_the_others_are_served[sqlite]",
    ),
    Guard(
        "a folder that was moved goes on",
        "store/registry.py",
        "elif last and not others and",
        "elif False and last and",
        "cli/test_single_turn.py::test_a_folder_that_was_moved_goes_on",
    ),
    Guard(
        "what a registration leaves out ends only after an hour",
        "store/registry.py",
        "now, removed_at=real)",
        "now, at_once=True)",
        "store/test_registry.py::test_what_changed_meanwhile_is_known_to_a_rule_that_is_put_back[sqlite]",
    ),
    Guard(
        "people who are left out can be reached for an hour",
        "store/people.py",
        'connection.execute(_LEAVE, {"_kept": list(wanted), "_now": now})',
        "connection.execute(delete(tables.people).where(_P.of_settings, _P.key.not_in(wanted)))",
        "store/test_registry.py::test_people_who_are_left_out_can_be_told_for_an_hour[sqlite]",
    ),
    Guard(
        "all rules of an occurrence are planned together",
        "store/claimed_watches.py",
        "            rows += together",
        "            rows += together[:1]",
        "store/outbox/test_digests.py::test_two_rules_in_several_batches_tell_one_state_once[sqlite]",
    ),
    Guard(
        "what is claimed is written back only if its watch is as it was read",
        "store/write_back.py",
        "if watch not in watches}",
        "if not watches}",
        "store/test_write_back.py::test_of_two_commitments_the_one_that_a_replica_has_claimed_since_is_left_to_it[sqlite]",
    ),
    Guard(
        "what another process has claimed since is not written back",
        "store/write_back.py",
        ', _W.claimed_by == bindparam("claim"))',
        ")",
        "store/test_write_back.py::test_where_the_lease_is_over_and_a_replica_has_claimed_it_the_first_writes_nothing[sqlite]",
    ),
    Guard(
        "what was changed since its claim is not written back",
        "store/write_back.py",
        "if read.get(one) != seen}",
        "if one not in read}",
        "store/test_write_back.py::test_what_changes_between_claim_and_write_back_is_evaluated_anew[sqlite-moved]",
    ),
    Guard(
        "what a rule meant before is not written back",
        "store/write_back.py",
        "if rules.get(watch.rule) != claimed.rules[watch.rule]",
        "if watch.rule not in claimed.rules",
        "store/test_write_back.py::test_a_rule_with_another_hash_is_not_written_back_by_its_old_meaning[sqlite] store/test_write_back.py::test_a_rule_that_is_removed_is_not_written_back_and_goes_on_where_it_is_put_back[sqlite]",
    ),
    Guard(
        "a change waits until what was read before it is written back (FOR SHARE)",
        "store/write_back.py",
        "    .with_for_update(read=True, skip_locked=True)\n",
        "",
        "store/test_write_back.py::test_a_change_after_the_check_waits_until_all_is_written",
    ),
    Guard(
        "writing back waits for no change (SKIP LOCKED)",
        "store/write_back.py",
        "read=True, skip_locked=True",
        "read=True",
        "store/test_write_back.py::test_what_is_being_changed_now_is_left_due_and_not_waited_for[before_it_is_written_back]",
    ),
    Guard(
        "a claim waits for no change (SKIP LOCKED)",
        "store/claimed_watches.py",
        "key_share=True, skip_locked=True",
        "key_share=True",
        "store/test_write_back.py::test_what_is_being_changed_now_is_left_due_and_not_waited_for[before_the_claim]",
    ),
    Guard(
        "a claim of a clock that was put back is over",
        "store/claimed_watches.py",
        '"longest_lease": real + LEASE}',
        '"longest_lease": real + 9999 * LEASE}',
        "store/test_write_back.py::test_a_claim_of_a_clock_that_was_put_back_an_hour_holds_up_nothing[sqlite]",
    ),
)
