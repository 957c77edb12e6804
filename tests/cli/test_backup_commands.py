"""The commands backup, restore and resume: what they report, and how loud a hold is."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from alerts.store.daemon_lock import daemon_lock
from tests.cli.conftest import NOW, Alerts

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
    assert HELD in loaded("restore", "--hold").err
    assert loaded("resume").code == 0


def test_without_a_database_there_is_nothing_to_back_up(alerts: Alerts) -> None:
    said = alerts("backup", "backup.db")
    assert said.code == 1
    assert "there is nothing to back up" in said.err


def test_with_postgresql_its_own_tools_are_named_without_the_password(
    alerts: Alerts, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALERTS_DATABASE", postgresql_url)
    said = alerts("backup", "backup.dump")
    assert said.code == 1
    assert re.search(r"nothing is backed up: PostgreSQL \d+(\.\d+)* has its own tool", said.err)
    assert "`pg_dump --format=custom --no-owner --exclude-table-data=feeds --exclude-table-data=api_tokens" in said.err
    said = alerts("restore", "backup.dump")
    assert said.code == 1
    assert "`pg_restore --clean --if-exists --single-transaction" in said.err
    assert "then `alerts restore --hold`" in said.err
