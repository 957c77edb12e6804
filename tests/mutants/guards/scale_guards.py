"""Guards of what spares reading every commitment."""

from tests.mutants.guards.guard import Guard

# fmt: off
GUARDS = (
    Guard('a stored watch proves nothing of what was answered, moved or closed by date',
          'store/unproven_alerts.py',
          'or_(_C.changed_at.is_not(None), _HAS_STATES, ~proven)',
          'or_(_C.changed_at.is_not(None), ~proven)',
          'cli/test_many_commitments.py::test_what_stored_watches_prove_is_what_a_forecast_finds'),
    Guard('a series proves nothing where a rule sends no alert of each date',
          'store/unproven_alerts.py',
          'exists().where(soon, or_(_W.rule.in_(sorted(rules.dated)), ~_RECURS))',
          'exists().where(soon)',
          'cli/test_many_commitments.py::test_what_stored_watches_prove_is_what_a_forecast_finds'),
    Guard('what has changed since the tick has its new place in a listing',
          'views/listing.py',
          'one.id not in set_aside and wanted',
          'wanted',
          'cli/test_list_command.py::test_a_listing_before_and_after_the_tick_is_in_the_same_order'),
    Guard('a page of a listing begins after the last key of the one before',
          'store/commitments_in_order.py',
          'or_(_C.listed_at > last["listed_at"], key > last["key"])',
          '_C.listed_at > last["listed_at"]',
          'store/test_listed_places.py::test_pages_have_the_order_of_the_whole'),
    Guard('a plan has what has changed since the tick',
          'store/due_watches.py',
          'connection.execute(query).scalars()) | self.changed()',
          'connection.execute(query).scalars())',
          'cli/test_many_commitments.py::test_the_first_alerts_of_many_are_those_of_a_whole_plan'),
    Guard('what is new and may be due already is worked out after a load',
          'far_dates.py',
          'found = max(found, firing + ',
          'found = max(found, now + ',
          'test_far_dates.py::test_no_alert_that_is_due_is_passed_over'),
)
