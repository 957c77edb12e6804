"""The guards of: claims, leases and fences."""

from tests.mutants.guards.guard import Guard

GUARDS = (
    Guard(
        "the fence in record_outcomes",
        "store/outbox/claim.py",
        "_RECORD_OUTCOME = update(delivery_tables.deliveries).where(_MINE)",
        '_RECORD_OUTCOME = update(delivery_tables.deliveries).where(_D.id == bindparam("_id"), _D.fence >= '
        'bindparam("_fence"), _D.state == "leased")',
        "store/outbox/test_claim.py::"
        "test_when_a_lease_ends_another_takes_over_and_the_first_ones_mark_is_dropped[sqlite]",
    ),
    Guard(
        "only a leased delivery takes an outcome",
        "store/outbox/claim.py",
        '_D.fence == bindparam("_fence"), _D.state == "leased")',
        '_D.fence == bindparam("_fence"))',
        "store/outbox/test_claim.py::"
        "test_when_a_lease_ends_another_takes_over_and_the_first_ones_mark_is_dropped[sqlite]",
    ),
    Guard(
        "the fence in keep",
        "store/outbox/claim.py",
        "_KEEP = update(delivery_tables.deliveries).where(_MINE)",
        '_KEEP = update(delivery_tables.deliveries).where(_D.id == bindparam("_id"), _D.fence >= '
        'bindparam("_fence"), _D.state == "leased")',
        "store/outbox/test_claim.py::test_who_lost_the_lease_keeps_no_payload[sqlite]",
    ),
    Guard(
        "the fence in return_claims",
        "store/outbox/claim.py",
        "_RETURN_CLAIM = update(delivery_tables.deliveries).where(_MINE)",
        '_RETURN_CLAIM = update(delivery_tables.deliveries).where(_D.id == bindparam("_id"), _D.fence >= '
        'bindparam("_fence"), _D.state == "leased")',
        "store/outbox/test_claim.py::test_what_is_given_back_is_due_again_and_was_no_attempt[sqlite]",
    ),
    Guard(
        "a returned claim was no attempt",
        "store/outbox/claim.py",
        "_D.attempts - 1",
        "_D.attempts",
        "store/outbox/test_claim.py::test_what_is_given_back_is_due_again_and_was_no_attempt[sqlite]",
    ),
    Guard(
        "a lease is its holder's until it ends",
        "store/outbox/due_deliveries.py",
        '_D.state == "leased", or_(_D.lease_until <= _moment("_real"), ',
        '_D.state == "leased", or_(_D.fence > 0, ',
        "store/outbox/test_claim.py::test_a_lease_that_has_not_ended_is_nobody_elses[sqlite]",
    ),
    Guard(
        "a replica does not claim what another is claiming",
        "store/outbox/due_deliveries.py",
        ".with_for_update(skip_locked=True)",
        "",
        "store/test_replicas.py::test_what_a_replica_is_claiming_is_left_to_it_and_not_waited_for",
    ),
    Guard(
        "a replica does not wait for another's claim",
        "store/outbox/due_deliveries.py",
        "with_for_update(skip_locked=True)",
        "with_for_update()",
        "store/test_replicas.py::test_what_a_replica_is_claiming_is_left_to_it_and_not_waited_for",
    ),
    Guard(
        "what is in flight is not claimed: the outbox",
        "store/outbox/due_deliveries.py",
        '    _D.id.not_in(bindparam("_exclude", expanding=True)),\n',
        "",
        "store/outbox/test_fail_over.py::test_what_is_in_flight_is_not_claimed_again_when_the_clock_is_put_on[sqlite]",
    ),
    Guard(
        "a message is rendered once: a retry has it",
        "store/outbox/delivery_rows.py",
        'message=message_of(row["payload"])',
        "message=None",
        "store/outbox/test_claim.py::test_the_payload_of_the_first_claim_is_kept_for_every_retry[sqlite]",
    ),
    Guard(
        "a retry counts its days from itself",
        "store/outbox/delivery_rows.py",
        'row["created_at"], row["retried_at"], row["held_until"]',
        'row["created_at"], row["held_until"]',
        "store/outbox/test_retry.py::test_a_retry_has_the_full_schedule_again_however_old_the_delivery[sqlite]",
    ),
    Guard(
        "a retry counts its pauses from itself",
        "store/outbox/delivery_rows.py",
        'tries=row["attempts"] + 1 - row["tried_before"]',
        'tries=row["attempts"] + 1',
        "store/outbox/test_retry.py::test_a_retry_has_the_full_schedule_again_however_old_the_delivery[sqlite]",
    ),
    Guard(
        "a retry counts from itself behind a channel that is out",
        "store/outbox/due_deliveries.py",
        "_ASKED = func.coalesce(_D.retried_at, _D.created_at)",
        "_ASKED = _D.created_at",
        "store/outbox/test_retry.py::"
        "test_a_retry_counts_from_itself_behind_a_channel_that_is_out_and_in_health[sqlite]",
    ),
    Guard(
        "a process sends only to recipients that it serves",
        "store/outbox/reach.py",
        "mine = or_(_D.recipient.in_(recipients), _D.on_behalf_of.is_not(None))",
        "mine = true()",
        "store/outbox/test_unreachable.py::"
        "test_what_waits_for_a_recipient_who_was_removed_goes_there_too_and_not_to_them[sqlite]",
    ),
    Guard(
        "what nobody delivers is dead after its time",
        "store/outbox/set_aside.py",
        'elif now >= give_up_at(first_due(row), row["deadline"]):',
        "elif now < now:",
        "store/outbox/test_unreachable.py::test_after_its_time_it_is_dead_and_told_again[sqlite]",
    ),
    Guard(
        "what waits behind an outage is late in an hour",
        "store/outbox/due_deliveries.py",
        '"_late_since": now - LATE,',
        '"_late_since": now - TRY_FOR_AT_LEAST,',
        "store/outbox/test_fail_over.py::test_what_waits_behind_a_channel_that_is_out_fares_as_what_is_tried",
    ),
    Guard(
        "what waits behind an outage ends some day",
        "store/outbox/due_deliveries.py",
        '"_old_since": now - TRY_FOR_AT_LEAST,',
        '"_old_since": now - 9 * TRY_FOR_AT_LEAST,',
        "store/outbox/test_fail_over.py::test_what_waits_behind_a_channel_that_is_out_fares_as_what_is_tried",
    ),
    Guard(
        "a broken delivery holds up no other",
        "store/outbox/set_aside.py",
        "    except Exception as error:\n        if len(rows) == 1:",
        "    except Exception as error:\n        if not rows:\n            raise\n        raise\n        if rows:",
        "store/outbox/test_fail_over.py::test_a_delivery_of_which_the_data_are_broken_holds_up_no_other[sqlite]",
    ),
    Guard(
        "a clock put back: what was put off is due",
        "store/outbox/due_deliveries.py",
        '"_pauses_end": now + LONGEST_PAUSE,',
        '"_pauses_end": now + 9999 * LONGEST_PAUSE,',
        "store/outbox/test_fail_over.py::test_what_a_clock_that_was_ahead_put_off_is_due[sqlite]",
    ),
    Guard(
        "a clock put back: what was leased is free",
        "store/outbox/due_deliveries.py",
        '"_leases_end": real + LONGEST_LEASE}',
        '"_leases_end": real + 9999 * LONGEST_LEASE}',
        "store/outbox/test_fail_over.py::test_a_lease_of_a_clock_that_was_ahead_has_ended[sqlite]",
    ),
    Guard(
        "what is snoozed is set apart from its digest",
        "store/outbox/claim.py",
        'return hold(connection, rows, now, hours, snoozed_for=("recipient",))',
        "return list(rows)",
        "store/outbox/test_holds.py::test_what_one_has_snoozed_waits_and_the_rest_of_the_digest_goes[sqlite]",
    ),
    Guard(
        "an outage ends nothing that is snoozed",
        "store/outbox/claim.py",
        '[row["id"] for row in hold(connection, rows, now, hours)]',
        '[row["id"] for row in rows]',
        "store/outbox/test_holds.py::"
        "test_behind_a_channel_that_is_out_what_one_has_snoozed_is_not_dead_when_its_time_is_over[sqlite]",
    ),
    Guard(
        "a slow server keeps few deliveries from other processes",
        "claim_size.py",
        "self._filled_at is not None and at - self._filled_at <= QUICK",
        "self._filled_at is not None",
        "test_claim_size.py::test_more_are_claimed_while_those_before_are_sent_within_a_second",
    ),
    Guard(
        "kept: only what was sent loses its text",
        "store/outbox/kept_messages.py",
        ', _D.state == "sent", _D.message_form',
        ", _D.message_form",
        "store/outbox/test_kept_messages.py::test_what_another_process_has_changed_meanwhile_stays[sqlite]",
    ),
    Guard(
        "kept: a message without its text is rendered anew",
        "store/outbox/payloads.py",
        "if not payload or payload.keys() == SHORTENED_HAS:",
        "if not payload:",
        "store/outbox/test_kept_messages.py::test_a_mail_that_comes_back_later_still_is_sent_again_as_rendered_anew[sqlite]",
    ),
    Guard(
        "kept: the text of what was rendered anew is forgotten in its turn",
        "store/outbox/claim.py",
        ', "message_form": WHOLE}',
        "}",
        "store/outbox/test_kept_messages.py::test_a_mail_that_comes_back_later_still_is_sent_again_as_rendered_anew[sqlite]",
    ),
    Guard(
        "ledger: what carries an open commitment stays",
        "store/outbox/old_deliveries.py",
        "        not_(_CARRIES_OPEN),\n",
        "",
        "store/outbox/test_old_deliveries.py::test_what_carries_an_open_commitment_stays_until_that_is_closed[sqlite]",
    ),
    Guard(
        "ledger: what changes meanwhile is asked again in the transaction that deletes",
        "store/outbox/old_deliveries.py",
        "_TAKE = _MAY_GO.with",
        '_TAKE = select(_D.id).where(_D.id.in_(bindparam("ids", expanding=True))).with',
        "store/outbox/test_old_deliveries.py::test_what_another_process_changes_meanwhile_stays[sqlite]",
    ),
    Guard(
        "only a message that is JSON already is stored as it is",
        "store/stored_message.py",
        "return value if type(value) is JsonText else",
        "return value if isinstance(value, str) else",
        "store/outbox/test_kept_messages.py::test_a_value_that_is_a_text_is_stored_as_json_too[sqlite]",
    ),
    Guard(
        "the hash of a message is that of what is stored",
        "store/outbox/claim.py",
        "hashlib.sha256(payload.encode())",
        "hashlib.sha256(message.text.encode())",
        "store/outbox/test_kept_messages.py::test_the_hash_that_the_ledger_keeps_is_that_of_the_stored_message[sqlite]",
    ),
)
