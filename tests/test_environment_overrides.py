"""Settings by the environment: ALERTS__HTTP__PORT, and ALERTS__DATABASE_FILE for what stands in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alerts import live_check
from alerts.deadlines.errors import InputError
from alerts.settings import Settings, load_settings
from alerts.settings.rescue import rescued_database

STATED = """
timezone: Europe/Berlin
channels:
  Desk-Mail: {kind: email, from: alerts@example.org, to: [desk@example.org], smtp: {host: mail.example.org}}
http: {port: 8080}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "alerts.yaml").write_text(STATED)
    return tmp_path


def load(folder: Path, environ: dict[str, str]) -> Settings:
    return load_settings(folder, None, environ)


def options(settings: Settings) -> dict[str, Any]:
    return settings.resolve_options(settings.channels[0])


def test_a_variable_takes_precedence_over_the_files(folder: Path) -> None:
    environ = {
        "ALERTS__TIMEZONE": "Asia/Shanghai",
        "ALERTS__HTTP__PORT": "8099",
        "ALERTS__LOG": "json",
        "ALERTS__CHANNELS__DESK-MAIL__SMTP__HOST": "smtp.example.org",
        "ALERTS__CHANNELS__DESK-MAIL__TO": "[a@example.org, b@example.org]",
        "ALERTS__CHANNELS__DESK-MAIL__SUBJECT_PREFIX": "due: soon # now",
        "ALERTS__CHANNELS__CHAT__KIND": "slack",
        "ALERTS__CHANNELS__CHAT__URL": "https://hooks.example.org/x",
    }
    found = load(folder, environ)
    assert found.http
    assert (found.timezone, found.http.port, found.log) == ("Asia/Shanghai", 8099, "json")
    assert [entry.name for entry in found.channels] == ["Desk-Mail", "chat"]
    assert options(found) == {
        "from": "alerts@example.org",
        "to": ["a@example.org", "b@example.org"],
        "smtp": {"host": "smtp.example.org"},
        "subject_prefix": "due: soon # now",
    }
    assert load(folder, {}).timezone == "Europe/Berlin"


def test_a_secret_may_stand_in_a_file_and_shows_nowhere(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("geheim-1234\n")
    environ = {
        "ALERTS__CHANNELS__DESK-MAIL__SMTP__PASSWORD_FILE": str(tmp_path / "password"),
        "ALERTS__CHANNELS__DESK-MAIL__SMTP__USERNAME": "alerts",
    }
    found = load(folder, environ)
    assert options(found)["smtp"] == {"host": "mail.example.org", "username": "alerts", "password": "geheim-1234"}
    assert "geheim-1234" in found.secrets()
    environ["ALERTS__CHANNELS__DESK-MAIL__SMTP__PASSWORD"] = environ.pop(
        "ALERTS__CHANNELS__DESK-MAIL__SMTP__PASSWORD_FILE"
    )
    assert environ["ALERTS__CHANNELS__DESK-MAIL__SMTP__PASSWORD"] in load(folder, environ).secrets()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ALERTS__TIMEZON", "UTC", 'unknown key "timezon"'),
        ("ALERTS__HTTP__PORT", "many", "http.port: "),
        ("ALERTS__LOG", "xml", "log: "),
        ("ALERTS__OPERATORS", "[ops, ", "expected"),
        ("ALERTS__TIMEZONE__NAME", "UTC", "`timezone` holds no settings by name"),
        ("ALERTS__", "UTC", "expected the names of settings"),
        ("ALERTS__HTTP____PORT", "1", "expected the names of settings"),
        ("ALERTS__TIMEZONE_FILE", "no-such-file", "no-such-file cannot be read"),
    ],
)
def test_what_is_wrong_names_the_variable(folder: Path, variable: str, value: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        load(folder, {variable: value})
    [line] = str(caught.value).splitlines()
    assert line.startswith(f"the environment variable {variable}: ")
    assert said in line


def test_the_database_by_variable_is_that_of_the_quick_health_check_and_of_a_broken_configuration(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "address").write_text("sqlite:///there.db")
    environ = {"ALERTS__DATABASE_FILE": str(tmp_path / "address")}
    assert load(folder, environ).database == "sqlite:///there.db"
    assert rescued_database(folder, None, environ) == "sqlite:///there.db"
    monkeypatch.delenv("ALERTS_DATABASE", raising=False)
    monkeypatch.setenv("ALERTS__DATABASE_FILE", environ["ALERTS__DATABASE_FILE"])
    assert live_check._configured(str(folder)) is None  # it is read in earnest
