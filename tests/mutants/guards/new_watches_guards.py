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
        "no rule changes or ends while others settle what has changed by it",
        "store/settling.py",
        "        keep_rules(connection)\n        rows = ",
        "        rows = ",
        "store/test_rules_of_two_replicas.py::test_what_a_changed_rule_no_longer_matches_is_watched_by_it_no_more store/test_rules_of_two_replicas.py::test_the_default_rule_watches_what_a_rule_matched_that_has_ended",
    ),
    Guard(
        "no rule changes while others settle what is new with another",
        "store/settling.py",
        "        keep_rules(connection)\n        next_rule, ",
        "        next_rule, ",
        "store/test_rules_of_two_replicas.py::test_what_is_new_with_a_rule_is_settled_by_others_that_change_meanwhile",
    ),
    Guard(
        "a rule ends when nobody settles by it",
        "store/registry.py",
        "            keep_rules(connection, change=True)\n",
        "",
        "store/test_rules_of_two_replicas.py::test_the_default_rule_watches_what_a_rule_matched_that_has_ended",
    ),
)
