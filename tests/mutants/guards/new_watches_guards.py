"""The guards of: new watches that are evaluated as they are made."""

from tests.mutants.guards.guard import Guard

GUARDS = (
    Guard(
        "a new watch that sends something at once is left due",
        "store/new_watches.py",
        "return watch if found.reminders or found.skipped or found.new_watches else found.watch",
        "return found.watch",
        "store/test_first_evaluations.py::test_what_sends_something_at_once_is_left_due[sqlite] store/test_new_watches.py::test_all_rows_are_those_of_watches_that_are_claimed[sqlite-first_tick]",
    ),
    Guard(
        "what has changed since it was recorded is evaluated with all that was read for a claim",
        "store/new_watches.py",
        "tracked.revision > 1 or ",
        "",
        "store/test_first_evaluations.py::test_what_needs_more_than_is_read_to_evaluate_is_left_due[sqlite]",
    ),
    Guard(
        "a series is evaluated with its occurrences",
        "store/new_watches.py",
        "or tracked.recurs or",
        "or",
        "store/test_first_evaluations.py::test_what_needs_more_than_is_read_to_evaluate_is_left_due[sqlite]",
    ),
    Guard(
        "a new watch that awaits answers is evaluated with what was sent",
        "store/new_watches.py",
        " or rule.remind.unanswered is not None",
        "",
        "store/test_first_evaluations.py::test_what_needs_more_than_is_read_to_evaluate_is_left_due[sqlite]",
    ),
    Guard(
        "a new watch is not evaluated by a rule that means something else to others",
        "store/new_watches.py",
        " if self.rules[name].hash == what",
        "",
        "store/test_first_evaluations.py::test_rules_of_another_meaning_or_left_out_or_unknown_are_left_due[sqlite] store/test_new_watches.py::test_all_rows_are_those_of_watches_that_are_claimed[sqlite-rules_of_two_processes]",
    ),
    Guard(
        "a new watch of a rule that was left out is not evaluated",
        "store/new_watches.py",
        "    _R.removed_at.is_(None),\n",
        "",
        "store/test_first_evaluations.py::test_rules_of_another_meaning_or_left_out_or_unknown_are_left_due[sqlite] store/test_new_watches.py::test_all_rows_are_those_of_watches_that_are_claimed[sqlite-a_rule_that_was_left_out]",
    ),
    Guard(
        "a rule that is still to be matched with all evaluates none of its new watches before",
        "store/new_watches.py",
        "or_(_R.settled_to.is_(None), ",
        "or_(~_R.ending, ",
        "store/test_first_evaluations.py::test_a_rule_that_is_still_to_be_matched_with_all_is_left_due[sqlite]",
    ),
    Guard(
        "a new watch is not evaluated before it begins",
        "store/new_watches.py",
        " or watch.since > self.now",
        "",
        "store/test_first_evaluations.py::test_what_begins_only_later_is_left_due[sqlite] store/test_new_watches.py::test_all_rows_are_those_of_watches_that_are_claimed[sqlite-a_tick_of_the_past]",
    ),
    Guard(
        "a commitment that cannot be evaluated holds up none of those that are new with it",
        "store/new_watches.py",
        "        except Exception:\n",
        "        except KeyError:\n",
        "store/test_first_evaluations.py::test_what_cannot_be_evaluated_is_left_due_for_the_turn_that_reports_it[sqlite]",
    ),
    Guard(
        "a rule that changes wakes a watch that a replica has just evaluated by what it was",
        "store/settling.py",
        "missing = insert_or_wake(connection) if changed else insert_new",
        "missing = insert_new(connection, planning_tables.watches) if changed else insert_new",
        "store/test_first_evaluations.py::test_a_rule_that_changes_while_a_replica_evaluates_wakes_what_that_has_made",
    ),
    Guard(
        "many rules make no long transaction",
        "store/settling.py",
        "PAIRS // max(1, connection.execute(_RULES_COUNT).scalar_one())",
        "PAIRS",
        "store/test_first_evaluations.py::test_the_more_rules_the_fewer_commitments_a_transaction_holds[sqlite]",
    ),
    Guard(
        "many rules make no transaction of a few commitments",
        "store/settling.py",
        "max(FEWEST, PAIRS",
        "max(1, PAIRS",
        "store/test_first_evaluations.py::test_a_hundred_rules_make_no_hundred_times_as_many_transactions[sqlite]",
    ),
    Guard(
        "what was settled by a rule that has changed or ended at another replica is settled anew",
        "store/settling.py",
        "    _again_by_new_rules(database, meanings, stale)\n    return len(rows)\n",
        "    return len(rows)\n",
        "store/test_rules_of_two_replicas.py::test_what_a_changed_rule_no_longer_matches_is_watched_by_it_no_more store/test_rules_of_two_replicas.py::test_the_default_rule_watches_what_a_rule_matched_that_has_ended",
    ),
    Guard(
        "what was settled with a new rule is settled anew where another has changed meanwhile",
        "store/settling.py",
        "    _again_by_new_rules(database, meanings, stale)\n    return len(found) or 1",
        "    return len(found) or 1",
        "store/test_rules_of_two_replicas.py::test_what_is_new_with_a_rule_is_settled_by_others_that_change_meanwhile",
    ),
)
