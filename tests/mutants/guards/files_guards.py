"""The guards of: what files and settings state."""

from tests.mutants.guards.guard import Guard

# fmt: off
GUARDS = (
    Guard('a link that leads elsewhere is the same folder',
          'settings/rule_set.py',
          'return os.path.normpath(here / folder)',
          'return os.path.realpath(folder)',
          'cli/test_single_turn.py::test_a_link_that_leads_elsewhere_after_a_deployment_is_the_same_folder'),
)
