"""The guards of: mails that came back."""

from tests.mutants.guards.guard import Guard

GUARDS = (
    Guard(
        "a bounce is reported as a failure",
        "store/outbox/bounces.py",
        "worse(literal(int(FailureLevel.DEAD)))",
        "worse(literal(int(FailureLevel.NOT)))",
        "store/outbox/test_bounces.py::test_what_comes_back_goes_to_the_fallback_and_the_operators_hear_of_it[sqlite]",
    ),
    Guard(
        "a report changes nothing of what a person has sent again since",
        "store/outbox/bounces.py",
        ", _D.tried_before < mail.attempt)",
        ")",
        "store/outbox/test_bounces.py::test_a_report_from_before_a_person_sent_it_again_changes_nothing[sqlite]",
    ),
    Guard(
        "a report changes nothing of what ended otherwise",
        "store/outbox/bounces.py",
        "_D.state.in_(BOUNCES_FROM), ",
        "",
        "store/outbox/test_bounces.py::test_what_ended_otherwise_stays_so[sqlite-dismissed]",
    ),
    Guard(
        "a report counts before the outcome of its mail is recorded",
        "store/outbox/bounces.py",
        '("pending", "leased", "retry", "sent")',
        '("sent",)',
        "store/outbox/test_bounces.py::"
        "test_a_report_that_comes_before_the_outcome_of_its_mail_is_recorded_stands[sqlite]",
    ),
    Guard(
        "a forged envelope sender names no delivery",
        "core/bounce_tokens.py",
        "if not hmac.compare_digest(mac, _mac(head, key)):",
        "if False:",
        "core/test_bounce_tokens.py::test_the_token_of_one_delivery_or_attempt_says_nothing_of_another",
    ),
    Guard(
        "the token of one attempt is not that of another",
        "core/bounce_tokens.py",
        "hmac.digest(key, _PURPOSE + head,",
        "hmac.digest(key, _PURPOSE + head[:16],",
        "core/test_bounce_tokens.py::test_the_token_of_one_delivery_or_attempt_says_nothing_of_another",
    ),
)
