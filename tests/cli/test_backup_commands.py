"""The commands backup, restore and resume: what they report, and how loud a hold is."""

from __future__ import annotations

import re
import shlex
import shutil
import sqlite3
import subprocess
from contextlib import closing
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from alerts.store.daemon_lock import daemon_lock
from alerts.store.postgresql_dump import dump_command, restore_command
from tests import postgres
from tests.cli.conftest import NOW, Alerts, Said

HELD = "sending is held, so no alert goes out"
BEFORE, AFTER = "2025-10-28T11:00Z", "2025-10-29T10:00Z"


@pytest.fixture
def restored(loaded: Alerts, home: Path) -> Alerts:
    """A database that was restored a day after its backup, between which an alert went out."""
    assert loaded("tick", "--at", BEFORE).code == 0
    assert loaded("backup", "backup.db", "--at", BEFORE).code == 0
    assert "1 sent" in loaded("tick", "--at", AFTER).out
    assert loaded("ack", "summit", "--at", AFTER).code == 0
    said = loaded("restore", "backup.db", "--at", AFTER)
    assert said.code == 0, said.err
    (home / "said").write_text(said.out + said.err)
    return loaded


@pytest.mark.usefixtures("restored")
def test_a_restore_says_what_is_lost_what_would_be_sent_again_and_that_nothing_is_sent(home: Path) -> None:
    said = (home / "said").read_text()
    assert "restored backup.db, a backup of Tue 28 Oct 2025 11:00 UTC" in said
    assert re.search(r"kept the database before as .*alerts\.db\.replaced-20251029-100000", said)
    assert "lost: all answers and changes from Tue 28 Oct 2025 11:00 UTC to Wed 29 Oct 2025 10:00 UTC" in said
    assert "0 deliveries wait, 1 alert is due. Those sent since Tue 28 Oct 2025" in said
    assert HELD in said
    assert "alerts token add" in said


def test_what_is_held_is_in_the_health_in_check_and_in_each_turn(restored: Alerts, few_samples: None) -> None:
    before = restored("deliveries", "--json").json
    for command in (("health", "--at", AFTER), ("tick", "--at", AFTER)):
        said = restored(*command)
        assert said.code == 1
        assert HELD in said.err
        assert "run `alerts resume`" in said.err
    assert HELD in restored("check", "--at", AFTER).err
    assert restored("deliveries", "--json").json == before, "the turn has planned nothing"


def test_after_resume_the_alert_goes_out_again(restored: Alerts) -> None:
    said = restored("resume")
    assert (said.code, said.err) == (0, "")
    assert "alerts go out again" in said.out
    assert "1 sent" in restored("tick", "--at", AFTER).out
    assert restored("resume").out == "sending is not held: alerts go out\n"


def test_after_resume_the_operators_are_told_once_what_is_lost(restored: Alerts, home: Path) -> None:
    file = home / "config/alerts.yaml"
    file.write_text("operators: [box]\n" + file.read_text())
    assert restored("resume").code == 0
    assert "2 sent" in restored("tick", "--at", AFTER).out, "the alert and the notice"
    assert restored("tick", "--at", AFTER).out == "0 planned; nothing to send\n"
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in (home / "mail/new").iterdir()]
    (notice,) = [one for one in mails if "restored" in one["subject"]]
    assert notice["subject"] == "Answers since Tue 28 Oct 2025 11:00 UTC are lost: restored from a backup"
    assert "Lost from      Tue 28 Oct 2025 11:00 UTC\nLost until     Wed 29 Oct 2025 10:00 UTC" in notice.get_content()
    assert "notice that the database was restored" in restored("deliveries").out


def test_a_backup_that_was_copied_over_the_database_sends_nothing_again_either(loaded: Alerts, home: Path) -> None:
    assert loaded("tick", "--at", BEFORE).code == 0
    assert loaded("backup", "backup.db", "--at", BEFORE).code == 0
    assert "1 sent" in loaded("tick", "--at", AFTER).out
    shutil.copy(home / "backup.db", home / "alerts.db")
    said = loaded("tick", "--at", AFTER)
    assert said.code == 1
    assert f"{HELD}: the database is a copy of a backup of Tue 28 Oct 2025 11:00 UTC" in said.err
    assert "alerts go out again" in loaded("resume").out
    assert "1 sent" in loaded("tick", "--at", AFTER).out


def test_a_backup_is_refused_over_a_file_and_written_with_force(loaded: Alerts, home: Path) -> None:
    assert "whole; `alerts restore backup.db`" in loaded("backup", "backup.db").out
    said = loaded("backup", "backup.db")
    assert said.code == 1
    assert said.err == "alerts: backup.db is there already: name another file, or overwrite a backup with --force\n"
    assert loaded("backup", "backup.db", "--force").code == 0
    with closing(sqlite3.connect(home / "backup.db")) as copy:
        assert copy.execute("SELECT count(*) FROM commitments").fetchone() == (2,)


def test_secrets_are_in_a_backup_only_where_they_are_asked_for(loaded: Alerts, home: Path) -> None:
    assert loaded("token", "add", "sap", "--at", NOW).code == 0
    assert "left out: API tokens" in loaded("backup", "without.db").err
    assert loaded("backup", "with.db", "--with-secrets").err == ""
    for file, count in (("without.db", 0), ("with.db", 1)):
        with closing(sqlite3.connect(home / file)) as copy:
            assert copy.execute("SELECT count(*) FROM api_tokens").fetchone() == (count,)


def test_a_database_of_an_older_release_is_backed_up_as_it_is(loaded: Alerts, home: Path) -> None:
    with closing(sqlite3.connect(home / "alerts.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    assert loaded("backup", "backup.db").code == 0


def test_a_restore_over_a_daemon_is_refused(loaded: Alerts, home: Path) -> None:
    loaded("backup", "backup.db")
    with daemon_lock(home / "alerts.db"):
        said = loaded("restore", "backup.db")
    assert said.code == 1
    assert said.err == f"alerts: a daemon serves {home}/alerts.db: end it first, then restore\n"


def test_a_restore_needs_a_file_or_only_holds(loaded: Alerts, home: Path) -> None:
    assert loaded("restore").code == 2
    shutil.copy(home / "alerts.db", home / "copy.db")
    assert loaded("restore", "copy.db", "--hold").code == 2
    said = loaded("restore", "--hold")
    assert said.code == 0
    assert HELD in said.err
    assert "a daemon is running" not in said.err
    with daemon_lock(home / "alerts.db"):
        assert "a daemon is running, and may have sent something again" in loaded("restore", "--hold").err
    assert loaded("resume").code == 0


def test_without_a_database_there_is_nothing_to_back_up(alerts: Alerts) -> None:
    said = alerts("backup", "backup.db")
    assert said.code == 1
    assert "there is nothing to back up" in said.err


def named(said: Said, tool: str) -> list[str]:
    """Return the command that an error names."""
    (found,) = re.findall(rf"`({tool} [^`]*)`", said.err)
    return shlex.split(found)


def execute(command: list[str]) -> None:
    """Execute a tool of PostgreSQL, by the first release that is here and can talk to the server."""
    problems = []
    for folder in postgres.binaries():
        done = subprocess.run([str(folder / command[0]), *command[1:]], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        problems.append(done.stderr)
    raise AssertionError("\n".join(problems))


def test_with_postgresql_the_commands_that_are_named_do_it_and_sending_is_held_afterwards(
    alerts: Alerts, home: Path, postgresql: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALERTS_DATABASE", postgresql.url(postgresql.create(postgres.TEMPLATE)))
    assert alerts("load", "seed.yaml", "--at", BEFORE).code == 0
    assert alerts("token", "add", "sap", "--at", BEFORE).code == 0
    said = alerts("backup", str(home / "backup.dump"))
    assert said.code == 1
    assert re.search(r"nothing is backed up: PostgreSQL \d+(\.\d+)* has its own tool", said.err)
    execute(named(said, "pg_dump"))
    assert alerts("close", "summit", "--as", "fulfilled", "--at", AFTER).code == 0
    said = alerts("restore", str(home / "backup.dump"))
    assert said.code == 1
    assert "then `alerts restore --hold`" in said.err
    execute(named(said, "pg_restore"))
    assert HELD in alerts("restore", "--hold", "--at", AFTER).err
    assert "summit" in alerts("list", "--at", AFTER).out, "it is open again"
    assert alerts("token", "list").out.startswith("no tokens yet")
    assert HELD in alerts("tick", "--at", AFTER).err
    assert alerts("resume").code == 0
    assert alerts("tick", "--at", AFTER).code == 0


def test_the_commands_of_postgresql_show_no_password() -> None:
    address = "postgresql+psycopg://alerts:SECRET@db.example.org/alerts?sslmode=require&passfile=/x&prepare_threshold=0"
    for command in (dump_command(address, "a b", with_secrets=True), restore_command(address, "a b")):
        assert "SECRET" not in command
        assert "'--dbname=postgresql://alerts@db.example.org/alerts?sslmode=require'" in command
        assert "'a b'" in command or "'--file=a b'" in command
