"""The guards of: alerts that nobody answers."""

from tests.mutants.guards.guard import Guard

GUARDS = (
    Guard(
        "what was sent since is found by its index",
        "store/sent_alerts.py",
        "select(_D.id, _D.ended_at).where(delivery_tables.UNSEEN)",
        "select(_D.id, _D.ended_at).where(_D.unseen)",
        "store/test_indexes.py::test_a_tick_finds_what_was_sent_since_by_an_index",
    ),
    Guard(
        "whether anything was sent since is found by its index",
        "store/sent_alerts.py",
        "select(_D.id).where(delivery_tables.UNSEEN)",
        "select(_D.id).where(_D.unseen)",
        "store/test_indexes.py::test_a_tick_finds_what_was_sent_since_by_an_index",
    ),
    Guard(
        "what was sent wakes the watches that await answers",
        "store/settling.py",
        " + wake_for_sent(database):",
        ":",
        "store/test_unanswered.py::test_the_watch_wakes_for_it_and_for_nothing_else[sqlite]",
    ),
    Guard(
        "what was not handed over is no alert",
        "store/sent_alerts.py",
        ', _D.state.in_(("sent", "bounced")),',
        ",",
        "store/test_unanswered.py::test_what_was_not_handed_over_is_no_alert[sqlite]",
    ),
    Guard(
        "a mail that came back awaits an answer",
        "store/sent_alerts.py",
        '_D.state.in_(("sent", "bounced"))',
        '_D.state == "sent"',
        "store/test_unanswered.py::test_what_came_back_is_reported_as_unanswered_with_the_reason[sqlite]",
    ),
    Guard(
        "an answer that comes while a report waits makes it stale",
        "store/outbox/stale_reminders.py",
        "answered >= reminder.moment",
        "False",
        "store/test_unanswered.py::test_an_answer_given_while_the_report_waits_in_the_outbox_makes_it_stale[sqlite]",
    ),
    Guard(
        "a report that was answered replaces no earlier one",
        "store/outbox/stale_reminders.py",
        'if other.state != "superseded" and',
        "if",
        "store/test_unanswered.py"
        "::test_a_report_to_be_tried_again_goes_out_where_the_next_was_answered_and_the_answer_is_taken_back[sqlite]",
    ),
    Guard(
        "an occurrence that another rule alerts of gets a watch",
        "core/schedule/occurrence_expansion.py",
        "    if context.rule.remind.unanswered is None:",
        "    if True:",
        "store/test_unanswered.py::test_an_occurrence_that_another_rule_has_sent_alerts_of_gets_a_watch[sqlite]",
    ),
    Guard(
        "what is sent while an answer counts is answered",
        "core/schedule/unanswered.py",
        "at for at in sent if answered is None or at >= answered",
        "at for at in sent",
        "core/test_unanswered.py::test_an_acknowledgement_answers_what_is_sent_while_it_counts",
    ),
    Guard(
        "what another process has locked wakes its watches later",
        "store/sent_alerts.py",
        "if link.commitment_id not in locked}",
        "if False}",
        "store/test_unanswered.py::test_what_another_process_has_locked_wakes_its_watches_the_next_time",
    ),
)
