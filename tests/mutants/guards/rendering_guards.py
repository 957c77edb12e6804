"""The guards of: what templates render."""

from tests.mutants.guards.guard import Guard

# fmt: off
GUARDS = (
    Guard('a snooze for one is named to the others',
          'rendering/reminder_facts.py',
          '"own_snoozes": own_snoozes(context, now),',
          '"own_snoozes": (),',
          'rendering/test_digest.py::test_a_snooze_for_one_alone_is_named_in_digests_and_alerts'),
    Guard('a digest is no larger than what is shown of a mail',
          'rendering/fitting.py',
          '_size(pieces)) <= LARGEST or most',
          '_size(pieces)) or most',
          'channels/test_sizes.py::test_of_whatever_it_is_made_a_mail_is_shown_whole[3] '
          'channels/test_sizes.py::test_of_whatever_it_is_made_a_mail_is_shown_whole[4] '
          'channels/test_sizes.py::test_of_whatever_it_is_made_a_mail_is_shown_whole[5]'),
    Guard('what is critical is listed first',
          'rendering/template_facts.py',
          't.priority != "critical", URGENCY',
          'False, URGENCY',
          'rendering/test_digest.py::test_what_is_critical_or_late_is_listed_first'),
    Guard('no more than two hundred are listed',
          'rendering/template_facts.py',
          'tuple(ranked[:LISTED])',
          'tuple(ranked)',
          'rendering/test_digest.py::test_no_more_than_two_hundred_are_listed_however_small_they_are'),
    Guard('a command in a message names its occurrence',
          'rendering/shell_commands.py',
          'f" --occurrence {shlex.quote(one)}" if one else ',
          '',
          'cli/test_pasted.py::test_each_command_of_an_alert_acts_on_its_occurrence_and_nothing_else[text]'),
    Guard('a day that is over in one zone only is said in both',
          'rendering/template_facts.py',
          'return (self.now >= ends) != (self.now >= Day(counted.date, self.reader).end)',
          'return False',
          'rendering/test_day_over.py::test_a_day_that_is_over_in_one_zone_only_says_so'),
    Guard('a template reads nothing that begins with an underscore, also where it is not asked further',
          'rendering/template_environment.py',
          'if type(obj) in READABLE and not attribute.startswith("_"):',
          'if type(obj) in READABLE:',
          'rendering/test_templates.py::test_a_template_that_fails_is_reported_and_an_alert_gets_out'),
    Guard('a calendar is not folded within what a backslash begins',
          'rendering/calendar_file.py',
          ' and line[end - 1] in "\\\\^"',
          ' and False',
          'rendering/test_calendar_file.py::test_its_octets_are_those_that_the_library_writes'),
)
