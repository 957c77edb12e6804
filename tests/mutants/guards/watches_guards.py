"""The guards of: watches, rules and the people of the settings."""

from tests.mutants.guards.guard import Guard

GUARDS = (
    Guard(
        "deliveries and the moved watch in one transaction",
        "store/due_watches.py",
        "        planned = enqueue.Planned(",
        "        self.connection.connection.commit()\n        planned = enqueue.Planned(",
        "store/test_transactions.py::test_a_batch_that_fails_half_way_is_planned_whole_the_next_time[sqlite-reminders]",
    ),
    Guard(
        "a replica does not plan what another is planning",
        "store/due_watches.py",
        "query.with_for_update(skip_locked=True, of=table)",
        "query",
        "store/test_replicas.py::test_watches_that_a_replica_holds_are_left_to_it",
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
        "update(tables.people).where(*gone).values(removed_at=now)",
        "delete(tables.people).where(*gone)",
        "store/test_registry.py::test_people_who_are_left_out_can_be_told_for_an_hour[sqlite]",
    ),
    Guard(
        "all rules of an occurrence are planned together",
        "store/due_watches.py",
        "        if len(rules) < 2:",
        "        if rules:",
        "store/outbox/test_digests.py::test_two_rules_in_several_batches_tell_one_state_once[sqlite]",
    ),
)
