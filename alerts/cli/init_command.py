"""The command init: a first configuration, for one mail server and one recipient."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
import tzlocal

from alerts.cli.app import App
from alerts.cli.command_group import cli
from alerts.cli.output import note, print_line
from alerts.cli.preview_commands import send_test
from alerts.deadlines.errors import InputError

CHANNEL = "desk-mail"
PASSWORD = "smtp-password"  # noqa: S105  # the file that holds it, next to the configuration
SUBMISSION, TLS, RELAY = 587, 465, 25  # ports, RFC 6409, RFC 8314 section 3.3, RFC 5321
CONFIG = """\
# Where alerts are stored, how they are sent, and who gets which. `alerts check` shows what is wrong; `alerts reload`
# lets a running daemon read it again. Other channels: Slack, Teams, ntfy, PagerDuty and more, in docs/channels.md.
database: sqlite:///var/alerts.db # relative to the folder where `alerts` runs

timezone: {timezone} # for deadlines and readers that state none

channels:
  {channel}:
    kind: email
    from: {sender}
    to: [{to}] # each gets their own mail
    default: true # also mails the owners of commitments
    smtp: {smtp}

# Every rule that matches a commitment sends alerts. `alerts plan` shows the effect of a change in advance.
rules:
  - name: everything
    cron: "0 9 * * mon-fri" # minute, hour, day of month, month, weekday; a warning never waits beyond its day
    match: {{}} # by key, kind, tags, priority, by, to, owner
    remind:
      before: [P30D, P7D, P1D] # 30, 7 and 1 days before
      on_the_day: true
      opens: true # a window begins
      overdue: {{every: P1D, at_most: 3, then: P7D}} # daily for three days, then weekly, until somebody acknowledges
      moved: true
      review: P14D # what has no date
      closed: true
    notify: [{channel}]

# Who gets alerts about what no rule matches.
default_notify: [{channel}]

# Who hears when an alert cannot be delivered. Better a channel that does not fail together with the other.
operators: [{channel}]

# The HTTP server: pages for this machine at http://127.0.0.1:8080 (docs/pages.md). Add `public_url`, the address under
# which readers reach it, and they also answer from their mails; with `sign_in`, they use the pages too.
# http: {{bind: 127.0.0.1, port: 8080}}
"""


@dataclass(frozen=True)
class Answers:
    """What a first configuration is made from. `password` may be empty, as `username` may."""

    to: str
    host: str
    port: int
    security: str
    sender: str
    username: str
    password: str
    timezone: str

    def config(self) -> str:
        """Return the text of the configuration. It does not hold the password."""
        smtp = [f"host: {json.dumps(self.host)}", f"port: {self.port}", f"security: {self.security}"]
        if self.username:
            smtp += [f"username: {json.dumps(self.username)}", f"password: {{file: {PASSWORD}}}"]
        return CONFIG.format(
            timezone=json.dumps(self.timezone),
            channel=CHANNEL,
            sender=json.dumps(self.sender),
            to=json.dumps(self.to),
            smtp=f"{{{', '.join(smtp)}}}",
        )


@cli.command()
def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where `config` is made.")] = Path(),
    to: Annotated[str | None, typer.Option("--to", metavar="ADDRESS", help="Who gets the alerts.")] = None,
    smtp: Annotated[str | None, typer.Option("--smtp", metavar="HOST[:PORT]", help="The mail server.")] = None,
    security: Annotated[
        str | None, typer.Option("--security", metavar="starttls|tls|none", help="Default: by the port.")
    ] = None,
    sender: Annotated[str | None, typer.Option("--from", metavar="ADDRESS", help="The sender.")] = None,
    username: Annotated[str | None, typer.Option("--username", metavar="NAME", help="For the mail server.")] = None,
    password_file: Annotated[
        Path | None, typer.Option("--password-file", metavar="FILE", help="A file with the password; it is copied.")
    ] = None,
    timezone: Annotated[str | None, typer.Option("--timezone", metavar="ZONE", help="Such as Europe/Madrid.")] = None,
    test: Annotated[bool, typer.Option("--test/--no-test", help="Send a test message.")] = True,
) -> None:
    """Make a first configuration, and send a test message.

    It asks for what is not given. It never overwrites a configuration.
    """
    target = folder / "config"
    if target.exists():
        raise InputError(f"{target} exists already: change it there, and run `alerts check`")
    answers = _ask(to, smtp, security, sender, username, password_file, timezone)
    _write(answers, folder, target)
    print_line(f"wrote {target / 'alerts.yaml'}")
    where = "" if folder == Path() else f"cd {folder}; "
    then = f'{where}alerts add report "File the report" 2027-03-31', f"{where}alerts run"
    app = App(target, f"sqlite:///{folder / 'var' / 'alerts.db'}", "read")
    context.obj = app
    try:
        if test:
            send_test(context, CHANNEL)
    except typer.Exit:
        note(f"change {target / 'alerts.yaml'}, then try again: {where}alerts send-test {CHANNEL}")
        raise
    finally:
        app.close()
    note(f"next: `{then[0]}`, then `{then[1]}`")


def _ask(
    to: str | None,
    smtp: str | None,
    security: str | None,
    sender: str | None,
    username: str | None,
    password_file: Path | None,
    timezone: str | None,
) -> Answers:
    """Return what was given, and ask for the rest on a terminal. Raises InputError."""
    asks = sys.stdin.isatty()
    if not asks and not (to and smtp):
        raise InputError("state --to ADDRESS and --smtp HOST, or run it on a terminal, where it asks for them")
    to = to or typer.prompt("Who gets the alerts (an e-mail address)")
    host, port = _host_and_port(smtp or typer.prompt("Mail server (host, or host:port)"))
    sender = sender or f"Deadline alerts <alerts@{to.rpartition('@')[2] or 'localhost'}>"
    if username is None:
        username = typer.prompt("User name for it (Enter: none)", default="", show_default=False) if asks else ""
    password = ""
    if username and password_file:
        password = _read(password_file)
    elif username:
        if not asks:
            raise InputError("state --password-file FILE for --username")
        password = typer.prompt("Password", hide_input=True)
    if security is None:
        in_the_clear = port == RELAY and not username
        security = "tls" if port == TLS else "none" if in_the_clear else "starttls"
    return Answers(to, host, port, security, sender, username, password, timezone or tzlocal.get_localzone_name())


def _host_and_port(stated: str) -> tuple[str, int]:
    host, colon, port = stated.rpartition(":")
    if not colon:
        return stated, SUBMISSION
    if not (host and port.isascii() and port.isdigit()):
        raise InputError(f"--smtp {stated}: state a host, or a host and a port, as in mail.example.org:465")
    return host, int(port)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise InputError(f"--password-file {file}: cannot be read: {reason}") from None


def _write(answers: Answers, folder: Path, target: Path) -> None:
    """Write the files, and name the folder `config` only once they can be used. Raises InputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".config-", dir=folder))
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}") from None
    try:
        (made / "alerts.yaml").write_text(answers.config(), encoding="utf-8")
        if answers.username:
            with os.fdopen(os.open(made / PASSWORD, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(answers.password)
        try:
            app = App(made, f"sqlite:///{folder / 'var' / 'alerts.db'}", "read")
            _ = app.channels
        except InputError as error:
            raise InputError(str(error).replace(str(made), str(target))) from None
        made.chmod(0o755)
        made.rename(target)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
