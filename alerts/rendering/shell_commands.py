"""The commands for a commitment, quoted for a shell. Each names the occurrence that it is about."""

from __future__ import annotations

import shlex

from alerts.core.notifications import ReminderContext
from alerts.rendering.fact_parts import Commands
from alerts.rendering.template_filters import clean, flat


def commands(context: ReminderContext) -> Commands:
    """Return the commands for one reminder. For what recurs they name the occurrence, or `--all`."""
    key, recurs = shlex.quote(flat(clean(context.tracked.commitment.key))), context.tracked.recurs
    one = flat(clean(context.reminder.occurrence))
    which = f" --occurrence {shlex.quote(one)}" if one else " --all" if recurs else ""
    date = "every …" if recurs and not one else "YYYY-MM-DD"
    is_notice = context.tracked.commitment.kind == "notice"
    end = "renewed" if is_notice else "fulfilled"
    return Commands(
        ack=f"alerts ack {key}{which}",
        move=f'alerts move {key}{which} "{date}" --because "…"',
        close=f"alerts close {key}{which} --as {end}",
        show=f"alerts show {key}",
        ends=("renewed", "cancelled") if is_notice else ("done", "breached", "withdrawn"),
    )
