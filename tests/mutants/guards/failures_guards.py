"""The guards of: failed deliveries, retries and missing recipients."""

from tests.mutants.guards.guard import Guard

GUARDS = (
    Guard(
        "a failure is reported and recorded as reported in one transaction",
        "store/outbox/fail_over.py",
        "            yield FailureBatch(",
        "            connection.execute(\n"
        "                update(delivery_tables.deliveries).values(reported_level=_D.failure_level)\n"
        "            )\n"
        "            connection.connection.commit()\n"
        "            yield FailureBatch(",
        "store/test_transactions.py::test_a_failure_whose_telling_fails_is_told_the_next_time[sqlite-deliveries]",
    ),
    Guard(
        "a dead delivery is recorded as a failure to report",
        "store/outbox/record.py",
        'FailureLevel.DEAD if outcome.state == "dead" else',
        'FailureLevel.NOT if outcome.state == "dead" else',
        "store/outbox/test_fail_over.py::test_it_is_told_once[sqlite]",
    ),
    Guard(
        "of two people who retry at once one wins",
        "store/outbox/retry.py",
        ', _D.fence == row["fence"])',
        ")",
        "store/outbox/test_retry.py::test_of_two_people_who_retry_at_once_one_is_told_that_the_other_did[postgresql]",
    ),
    Guard(
        "a person moves the fence on",
        "store/outbox/retry.py",
        'values | {"fence": row["fence"] + 1}',
        "values",
        "store/outbox/test_retry.py::test_of_two_people_who_retry_at_once_one_is_told_that_the_other_did[postgresql]",
    ),
    Guard(
        "what no live process serves goes to the fallback after an hour",
        "store/outbox/unreachable.py",
        "if known[channel, recipient] <= now - GONE:",
        "if False:",
        "store/outbox/test_unreachable.py::"
        "test_what_waits_for_a_channel_that_was_renamed_goes_to_fallback_and_operators_after_an_hour[sqlite]",
    ),
    Guard(
        "a rename within the hour is no failure",
        "store/outbox/unreachable.py",
        "if known[channel, recipient] <= now - GONE:",
        "if known:",
        "store/outbox/test_unreachable.py::"
        "test_what_waits_for_a_channel_that_was_renamed_goes_to_fallback_and_operators_after_an_hour[sqlite]",
    ),
    Guard(
        "what came back is not missing any more",
        "store/outbox/unreachable.py",
        "if back := (known.keys() - lost) | ahead:",
        "if back := ahead:",
        "store/outbox/test_unreachable.py::"
        "test_a_rename_that_is_taken_back_within_the_hour_loses_and_repeats_nothing[sqlite]",
    ),
    Guard(
        "what another live process serves is not missing",
        "store/outbox/unreachable.py",
        "if abs(now - at) <= ALIVE else ():",
        "if abs(now - at) < timedelta() else ():",
        "store/outbox/test_unreachable.py::test_what_another_live_process_has_is_not_missing[sqlite]",
    ),
)
