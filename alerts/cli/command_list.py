"""The commands by what one wants, with the module of each: `alerts --help` shows this and imports none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from alerts.store.database import Access


class CommandEntry(NamedTuple):
    """Where a command is defined (`alerts.cli.<module>`), the first line of its help, its access to the database."""

    module: str
    summary: str
    access: Access = "write"


GROUPS: dict[str, dict[str, CommandEntry]] = {
    "Track": {
        "load": CommandEntry("load_command", "Load commitments from files.", "create"),
        "columns": CommandEntry(
            "columns_command", "Look at a table and write a first file for `load --columns`.", "read"
        ),
        "add": CommandEntry("add_command", "Track one commitment.", "create"),
        "edit": CommandEntry("edit_commands", "Change a commitment."),
        "move": CommandEntry("change_commands", "Move a commitment to another date."),
        "assign": CommandEntry("edit_commands", "Make a person the owner of a commitment."),
        "note": CommandEntry("edit_commands", "Add a line to the note of a commitment."),
        "export": CommandEntry(
            "export_command", "Export open commitments to a file that `alerts load` can read.", "read"
        ),
    },
    "Answer": {
        "ack": CommandEntry("answer_commands", "Acknowledge commitments."),
        "snooze": CommandEntry("answer_commands", "Pause alerts until T."),
        "unack": CommandEntry("answer_commands", "Undo acknowledgements and snoozes."),
        "close": CommandEntry("change_commands", "Close commitments (all of them or none)."),
        "reopen": CommandEntry("change_commands", "Reopen a closed commitment."),
    },
    "Ask": {
        "list": CommandEntry("list_command", "List tracked commitments: overdue ones first, then by date.", "read"),
        "show": CommandEntry("show_command", "Show a commitment with its dates, history and alerts.", "read"),
        "why": CommandEntry("why_command", "Explain why alerts about a commitment went out, or why not.", "read"),
        "who": CommandEntry(
            "who_command", "Show who gets the next alert about a commitment, and who does not.", "read"
        ),
        "plan": CommandEntry("plan_command", "Show which alerts will go out, when, and where.", "read"),
        "resolve": CommandEntry("resolve_command", "Show which dates a deadline expression gives.", "read"),
        "preview": CommandEntry("preview_commands", "Show the next message of a rule.", "read"),
        "audit": CommandEntry("audit_command", "Export what was sent, accepted and changed, as evidence.", "read"),
    },
    "Set up": {
        "init": CommandEntry("init_command", "Make a first configuration, and send a test message.", "read"),
        "check": CommandEntry("check_command", "Check configuration, secrets, rules, channels and templates.", "read"),
        "schema": CommandEntry("schema_command", "Print the JSON Schema of a file, by which editors check it.", "read"),
        "away": CommandEntry("away_command", "Record who is away and who gets their alerts too."),
        "people": CommandEntry("people_command", "Erase a person: a pseudonym takes their place throughout."),
        "feed": CommandEntry("feed_command", "Add, list or revoke the calendars that people subscribe to."),
        "silence": CommandEntry("silence_command", "Add, list or end times in which alerts are held back."),
        "token": CommandEntry("token_command", "Add, list or revoke the tokens of programs that use the API."),
        "send-test": CommandEntry("preview_commands", "Send a test message to all recipients of a channel.", "read"),
    },
    "Run": {
        "run": CommandEntry("run_command", "Run the daemon until SIGTERM or Ctrl-C.", "create"),
        "tick": CommandEntry("tick_command", "Plan and send what is due, once, then exit.", "create"),
        "reload": CommandEntry(
            "reload_command", "Check the configuration and reload it into the running daemon.", "read"
        ),
        "health": CommandEntry("health_command", "Report problems that keep alerts from going out.", "read"),
        "links": CommandEntry("links_command", "List, rotate or revoke the links by which readers answer."),
        "clock": CommandEntry("clock_command", "Accept this machine's clock after a large jump."),
        "deliveries": CommandEntry("delivery_commands", "List deliveries and their state.", "read"),
        "retry": CommandEntry("delivery_commands", "Retry a delivery that failed, is waiting, or was dismissed."),
        "dismiss": CommandEntry("delivery_commands", "Stop retrying a delivery."),
        "backup": CommandEntry(
            "backup_command", "Back up the database into a file, also while the daemon runs.", "read"
        ),
        "restore": CommandEntry("restore_command", "Put a backup in the place of the database, and hold sending."),
        "resume": CommandEntry("resume_command", "Let alerts go out again after a restore."),
        "bounced": CommandEntry("bounced_command", "Record mails that came back: from standard input, or a Maildir."),
    },
}
COMMANDS: dict[str, CommandEntry] = {name: entry for group in GROUPS.values() for name, entry in group.items()}
