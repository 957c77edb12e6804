"""The guards of: absences, deputies, and people who have left."""

from tests.mutants.guards.guard import Guard

_TESTS = "store/outbox/test_deputies.py::"

GUARDS = (
    Guard(
        "a reader ends no absence of another person",
        "web/absence_page.py",
        " or absence.person != person.key",
        "",
        "web/test_absence_page.py::test_only_ones_own_absences_are_shown_and_ended[sqlite]",
    ),
    Guard(
        "a mailbox that several read says of nobody that they are away",
        "web/absence_page.py",
        "    if opened.reader.shared or not address:",
        "    if not address:",
        "web/test_absence_page.py::test_a_chat_a_shared_mailbox_and_who_is_no_person_have_no_such_page[sqlite]",
    ),
    Guard(
        "deputies get what goes to those who are away",
        "store/outbox/claim.py",
        "rows = send_to_deputies(connection, rows, now, routes)  #",
        "#",
        f"{_TESTS}test_what_goes_to_somebody_who_is_away_goes_to_the_deputy_too[sqlite]",
    ),
    Guard(
        "a snooze for oneself does not hold what goes to the deputy",
        "store/outbox/claim.py",
        'snoozed_for=("everybody",))',
        'snoozed_for=("everybody", "recipient"))',
        f"{_TESTS}test_what_the_owner_has_snoozed_for_themselves_goes_to_the_deputy_at_once[sqlite]",
    ),
    Guard(
        "what is snoozed for everybody goes to whoever is deputy at its end",
        "store/outbox/claim.py",
        'rows = hold(connection, rows, now, snoozed_for=("everybody",))',
        "",
        f"{_TESTS}test_what_is_snoozed_for_everybody_goes_to_no_deputy_whose_time_is_over_by_then[sqlite]",
    ),
    Guard(
        "nothing goes to somebody who has left",
        "store/outbox/deputies.py",
        "stays = not here or not all(one.has_left(now) for one in here)",
        "stays = True",
        f"{_TESTS}test_what_goes_to_somebody_who_has_left_goes_to_the_deputy_alone_what_waited_too[sqlite]",
    ),
    Guard(
        "a mailbox that somebody else reads still gets it",
        "store/outbox/deputies.py",
        "not all(one.has_left(now) for one in here)\n",
        "not any(one.has_left(now) for one in here)\n",
        f"{_TESTS}test_a_mailbox_that_somebody_else_reads_as_well_still_gets_it[sqlite]",
    ),
    Guard(
        "the operators get what goes to somebody who has left without a deputy",
        "store/outbox/deputies.py",
        "return [(route, absentees) for route in self._operators(alone=alone)]",
        "return []",
        f"{_TESTS}test_the_operators_get_it_where_somebody_has_left_without_a_deputy[sqlite]",
    ),
    Guard(
        "what goes to nobody instead has failed",
        "store/outbox/deputies.py",
        "dead=not all_covered",
        "dead=False",
        f"{_TESTS}test_it_has_failed_where_there_are_no_operators_either_or_they_have_left[sqlite]",
    ),
    Guard(
        "a notice that would go to nobody still goes out",
        "store/outbox/deputies.py",
        'if stays or (row["notice"] and not copies):',
        "if stays:",
        f"{_TESTS}test_a_notice_to_an_operator_who_has_left_goes_to_the_deputy_and_else_still_there[sqlite]",
    ),
    Guard(
        "of a shared mailbox only what is the absent one's is passed on",
        "store/outbox/deputies.py",
        "mine = [one for one in readers if one.key in owners] or list(readers)",
        "mine = list(readers)",
        f"{_TESTS}test_of_a_shared_mailbox_each_gets_what_is_theirs_passed_on[sqlite]",
    ),
    Guard(
        "deputies are written as the channel writes them",
        "store/outbox/deputies.py",
        "names = (claim.recipient, *self.routes.recipients)",
        "names = (claim.recipient,)",
        f"{_TESTS}test_a_deputy_who_gets_it_anyway_gets_it_once_however_the_address_is_written[sqlite]",
    ),
    Guard(
        "deputies are served on any channel",
        "store/outbox/reach.py",
        "or_(_D.recipient.in_(recipients), _D.on_behalf_of.is_not(None))",
        "_D.recipient.in_(recipients)",
        f"{_TESTS}test_a_channel_that_does_not_mail_owners_sends_to_the_deputies_of_those_it_names[sqlite]",
    ),
    Guard(
        "an absence is over at its end",
        "core/absences.py",
        "self.starts_at <= at < self.ends_at",
        "self.starts_at <= at <= self.ends_at",
        "core/test_absences.py::test_an_absence_includes_its_start_and_not_its_end",
    ),
    Guard(
        "an absence is there from its first instant on",
        "store/recorded_absences.py",
        '_A.starts_at <= bindparam("now")',
        '_A.starts_at < bindparam("now")',
        f"{_TESTS}test_an_absence_begins_with_its_first_instant_and_is_over_at_its_end[sqlite-start0-end0-True]",
    ),
    Guard(
        "chains of deputies are followed",
        "core/absences.py",
        "waiting.append(deputy)",
        "seen.add(key)",
        "core/test_absences.py::test_chains_are_followed_past_those_who_have_left",
    ),
)
