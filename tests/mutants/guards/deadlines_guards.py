"""The guards of: what deadlines mean."""

from tests.mutants.guards.guard import Guard

# fmt: off
GUARDS = (
    Guard('places in the set of a week are those of the whole week',
          'deadlines/rule_expansion.py',
          'if parts["FREQ"] != "WEEKLY" or "BYSETPOS" not in parts:',
          'if True:',
          'deadlines/test_recurrence.py::test_a_rule_gives_its_occurrences'),
    Guard('a week of the year without a weekday has that of the start',
          'deadlines/rule_expansion.py',
          '        parts = parts | {"BYDAY": tuple(DAYS)[start.weekday()]}\n',
          '        pass\n',
          'deadlines/test_recurrence.py::test_a_rule_gives_its_occurrences'),
    Guard('a month without the day is named',
          'deadlines/skipped_months.py',
          '    return _fifth(parts) or _ends_of_years(parts) or _month_days(parts, start)',
          '    return None',
          'deadlines/test_skipped_months.py::test_what_is_passed_over_is_named_with_another_way'),
    Guard('a move keeps the zone that was stated',
          'deadlines/stated_zones.py',
          '    return found, zone if found != new else None',
          '    return new, None',
          'store/test_sources.py::test_a_move_keeps_the_zone_and_what_depends_on_it_does_too[sqlite]'),
)
