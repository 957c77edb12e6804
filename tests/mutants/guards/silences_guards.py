"""The guards of: what a silence or office hours hold back."""

from tests.mutants.guards.guard import Guard

HELD = "store/outbox/test_silences.py::"
GUARDS = (
    Guard(
        "nothing critical is held past its deadline",
        "core/silences.py",
        "return ends if covered < latest else last_firing(latest)",
        "return ends",
        f"{HELD}test_nothing_critical_is_held_past_its_deadline",
    ),
    Guard(
        "silences that follow one another count as one for what is critical",
        "core/silences.py",
        "covered = max(later)",
        "break",
        "core/test_alert_holds.py::"
        "test_what_is_critical_does_not_wait_for_a_silence_that_another_follows_past_the_deadline[without-a-gap]",
    ),
    Guard(
        "a claim knows the silences to come",
        "store/outbox/held_back.py",
        "silences = silences_after(connection, now) if with_silences else []",
        "silences = [one for one in silences_after(connection, now) if one.since <= now] if with_silences else []",
        f"{HELD}test_a_silence_to_come_that_would_hold_the_deadline_counts_for_what_is_critical",
    ),
    Guard(
        "a silence that ends lets go what it held",
        "store/silence_rows.py",
        "            release_all(connection)\n            put_request",
        "            put_request",
        f"{HELD}test_ended_by_hand_it_lets_go_what_it_held[sqlite]",
    ),
    Guard(
        "a request of a form or a program is recorded once",
        "store/recorded_requests.py",
        "    if found:\n        raise RecordedBeforeError(found.result)\n",
        "",
        "actions/test_permissions.py::test_a_request_of_an_absence_is_recorded_once_and_one_absence_is_ended_by_itself"
        "[sqlite]",
    ),
    Guard(
        "who may not silence does not",
        "actions/silence.py",
        '    change.require_allowed("silence")\n    store.silences.add',
        "    store.silences.add",
        "actions/test_permissions.py::test_who_may_do_nothing_changes_nothing[sqlite-silence]",
    ),
    Guard(
        "a link silences only where the settings let it",
        "web/silence_page.py",
        '"silence" in services.http.allowed_answers and ',
        "",
        "web/test_silence_page.py::test_without_the_permission_there_is_no_such_page[default]",
    ),
    Guard(
        "a silence is of what its form showed",
        "web/silence_page.py",
        "        if option is None or not _is_as_shown(opened, form):",
        "        if option is None:",
        "web/test_silence_page.py::test_what_has_changed_since_or_come_to_another_stage_is_not_silenced[sqlite]",
    ),
    Guard(
        "a link ends only silences of its commitment",
        "web/silence_page.py",
        "        if one is None or not matches(one.match, opened.entry.tracked.commitment):",
        "        if one is None:",
        "web/test_silence_page.py::test_all_silences_that_apply_are_shown_and_can_be_ended_and_no_other[sqlite]",
    ),
    Guard(
        "what is held of a changed commitment is decided anew",
        "store/settling.py",
        "    release_changed(connection, [tracked.id for tracked in commitments])\n",
        "",
        f"{HELD}test_what_becomes_critical_meanwhile_is_looked_at_again[sqlite]",
    ),
    Guard(
        "what was tried waits in its delivery",
        "store/outbox/held_back.py",
        'return bool(row["attempts"]) or row["fallback_for"]',
        'return row["fallback_for"]',
        f"{HELD}test_what_was_tried_waits_in_its_delivery[sqlite]",
    ),
    Guard(
        "a silence that a person has ended does not come back with the settings",
        "store/silence_rows.py",
        "    left_out = (_S.of_settings, _S.left_out)",
        "    left_out = (_S.of_settings,)",
        f"{HELD}test_those_of_the_settings_begin_and_end_with_them[sqlite]",
    ),
    Guard(
        "what would wait past its deadline goes out early",
        "core/alert_holds.py",
        "too_late=begin is not None and latest is not None and at < latest <= begin",
        "too_late=False",
        "store/outbox/test_office_hours_held.py::test_it_goes_out_early_rather_than_after_the_deadline[sqlite]",
    ),
    Guard(
        "what is critical waits for no office",
        "core/alert_holds.py",
        'opens if opens > at and commitment.priority != "critical" else None',
        "opens if opens > at else None",
        "store/outbox/test_office_hours_held.py::test_what_is_not_critical_waits_until_they_open[sqlite]",
    ),
    Guard(
        "each of several silences holds back",
        "store/outbox/held_back.py",
        "any(silence.holds(commitment, now) for silence in silences)",
        "all(silence.holds(commitment, now) for silence in silences)",
        f"{HELD}test_only_what_one_of_several_silences_is_for_is_held_and_only_series_are_read_whole[sqlite]",
    ),
    Guard(
        "out of office hours alerts wait without any silence",
        "store/outbox/held_back.py",
        "if link.commitment_id in silenced or link.recipient in closed]",
        "if link.commitment_id in silenced]",
        "store/outbox/test_office_hours_held.py::test_what_is_not_critical_waits_until_they_open[sqlite]",
    ),
    Guard(
        "of a long digest that waits no part goes out that is not looked at yet",
        "store/outbox/holds.py",
        'left += [row] if row["id"] not in found.undecided else []',
        "left.append(row)",
        "store/outbox/test_long_holds.py::"
        "test_no_transaction_gathers_more_than_some_hundred_and_all_goes_out_at_the_end[sqlite]",
    ),
    Guard(
        "of a long digest that waits the rest is looked at, too",
        "store/outbox/holds.py",
        'left += [rest] if row["id"] not in found.undecided else []',
        "left.append(rest)",
        "store/outbox/test_long_holds.py::"
        "test_no_transaction_gathers_more_than_some_hundred_and_all_goes_out_at_the_end[sqlite]",
    ),
    Guard(
        "a transaction gathers some hundred reminders at most",
        "store/outbox/held_back.py",
        "if gathered >= GATHERED_AT_ONCE:",
        "if False:",
        "store/outbox/test_long_holds.py::"
        "test_no_transaction_gathers_more_than_some_hundred_and_all_goes_out_at_the_end[sqlite]",
    ),
    Guard(
        "an outage reports all that is late, though of a long digest some hundred are held at a time",
        "store/outbox/claim.py",
        "if not rows:  # else",
        "if len(rows) < CHUNK:  # else",
        "store/outbox/test_long_holds.py::"
        "test_an_outage_reports_what_is_late_behind_long_digests_that_wait_for_office_hours[sqlite]",
    ),
    Guard(
        "what is critical does not wait until long digests are held",
        "store/outbox/held_back.py",
        "others.sort(key=lambda link: (carries[link.delivery_id], ",
        "others.sort(key=lambda link: (-carries[link.delivery_id], ",
        "store/outbox/test_long_holds.py::test_critical_alerts_go_out_before_long_digests_are_held_as_a_whole[sqlite]",
    ),
)
