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
        "only a report of a failure makes a delivery bounced",
        "bounce_intake.py",
        'if report.kind != "failed":',
        "if False:",
        "bounce_reports/test_reports.py::test_what_is_no_failure_changes_nothing[postfix-delayed]",
    ),
    Guard(
        "of several recipients in a report the worst counts",
        "bounce_reports/status_parts.py",
        "min(found, key=lambda report: _GRAVEST.index(report.kind))",
        "found[0]",
        "bounce_reports/test_reports.py::test_a_failure_makes_its_delivery_bounced_and_no_other[alias-one-member-gone]",
    ),
    Guard(
        "what a mail server returns in words that nobody knows is a failure",
        "bounce_reports/plain_reports.py",
        "(_is_of_server(message) and (is_refused or not temporary) and not _is_receipt(parts))",
        "False",
        "bounce_reports/test_reports.py::test_a_failure_makes_its_delivery_bounced_and_no_other[text-german-no-code]",
    ),
    Guard(
        "a notice of a delay in words is no failure",
        "bounce_reports/plain_reports.py",
        "if _DELAYED.search(both) and not _GIVEN_UP.search(both) and not is_refused:",
        "if False:",
        "bounce_reports/test_reports.py::test_what_is_no_failure_changes_nothing[text-exchange-delayed]",
    ),
    Guard(
        "a server that gives up after a delay reports a failure",
        "bounce_reports/plain_reports.py",
        "if _DELAYED.search(both) and not _GIVEN_UP.search(both) and not is_refused:",
        "if _DELAYED.search(both) and not is_refused:",
        "bounce_reports/test_reports.py::test_a_failure_makes_its_delivery_bounced_and_no_other[text-sendmail-expired]",
    ),
    Guard(
        "a notice of a delay with the code of a refusal is a failure",
        "bounce_reports/plain_reports.py",
        "if _DELAYED.search(both) and not _GIVEN_UP.search(both) and not is_refused:",
        "if _DELAYED.search(both) and not _GIVEN_UP.search(both):",
        "bounce_reports/test_reports.py::"
        "test_a_failure_makes_its_delivery_bounced_and_no_other[text-refused-after-a-delay]",
    ),
    Guard(
        "a mail server keeps a report that cannot be recorded",
        "cli/bounced_command.py",
        "raise typer.Exit(os.EX_TEMPFAIL) from None",
        "raise typer.Exit(0) from None",
        "cli/test_bounced_command.py::test_a_mail_server_keeps_a_report_that_cannot_be_recorded",
    ),
    Guard(
        "each mail has an envelope sender of its own",
        "delivery.py",
        "bounce_token=item.bounce_token,",
        "",
        "cli/test_bounced_command.py::test_a_mail_that_comes_back_reaches_the_fallback_and_the_operators",
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
