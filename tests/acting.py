"""What people do, as the commands call it; `tests.factories` has shorter forms of some."""

from alerts.actions.acknowledge import acknowledge
from alerts.actions.add import add
from alerts.actions.close import close
from alerts.actions.edit import edit
from alerts.actions.move import move
from alerts.actions.reopen import reopen
from alerts.actions.snooze import snooze
from alerts.actions.withdraw_answers import withdraw_answers

__all__ = ["acknowledge", "add", "close", "edit", "move", "reopen", "snooze", "withdraw_answers"]
