"""`/status` and `/metrics`: only where monitoring listens, true of the database, without keys or addresses."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from alerts.clock import utc_now
from alerts.core.absences import Absence
from alerts.core.liveness import PASS
from alerts.core.silences import Silence
from alerts.deadlines.errors import InputError
from alerts.health_problems import NO_DAEMON
from alerts.lock_files import lock_path
from alerts.store import Store
from alerts.store.daemon_lock import daemon_lock
from alerts.store.measurements import Measurements
from alerts.web import store_metrics
from alerts.web.store_metrics import StoreMetrics
from tests.factories import entry, load
from tests.web.conftest import Serve
from tests.web.daemon_site import tool
from tests.web.running import WebServer

SECRET_KEY = "acme-merger"


def metrics(server: WebServer) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = requests.get(f"{server.operations_url}/metrics", timeout=30).text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def status(server: WebServer) -> tuple[int, list[str]]:
    answer = requests.get(f"{server.operations_url}/status", timeout=30)
    return answer.status_code, answer.json().get("reasons", [])


def sweep(store: Store, **channels: str | None) -> None:
    """Leave the signs of a daemon that works; a channel is named with why it takes nothing, or None."""
    now = utc_now()
    seen = {name: {"seen_at": now.isoformat(), "out": out} for name, out in channels.items()}
    store.ledger.record_fact(f"{PASS}{socket.gethostname()}:1", json.dumps(seen), now)
    store.ledger.record_fact("last sweep", "", now)


def test_monitoring_is_not_on_the_address_that_readers_use(web_server: WebServer) -> None:
    for path in ("/metrics", "/status"):
        assert web_server.get(path).status_code == 404
        assert requests.get(web_server.operations_url + path, timeout=30).status_code in (200, 503)


def test_status_names_what_keeps_alerts_from_going_out(web_server: WebServer) -> None:
    store = web_server.store
    assert status(web_server) == (503, [NO_DAEMON, "no open commitments: nothing is watched"])
    load(store, entry(SECRET_KEY, "2099-01-31"), now=utc_now())
    assert store.database.path is not None
    with daemon_lock(store.database.path):
        sweep(store, desk=None, chat=None)
        assert status(web_server) == (200, [])
        sweep(store, desk="it refuses the login", chat=None)
        assert status(web_server) == (503, ["channel desk is down: it refuses the login"])
    assert lock_path(store.database.path).exists()


def test_status_lists_silences_in_force_and_who_is_away_without_addresses(web_server: WebServer) -> None:
    store, now = web_server.store, utc_now().replace(microsecond=0)
    store.people.register(web_server.services.settings.people)
    hour, day = timedelta(hours=1), timedelta(days=1)
    silence = Silence(
        match={"tags": ("a", "b")}, since=now - hour, until=now + day, reason="Moving.", by="x@example.org"
    )
    for one in (silence, replace(silence, since=now + hour), replace(silence, since=now - 2 * day, until=now - day)):
        store.silences.add(one)
    absence = Absence(person="ann", starts_at=now - hour, ends_at=now + day, zone="UTC", recorded_by="x@example.org")
    for person, start, deputy in (("ann", now - hour, "bob"), ("bob", now + hour, None)):
        store.absences.record(replace(absence, person=person, starts_at=start, deputy=deputy), now, "shell")
    answer = requests.get(f"{web_server.operations_url}/status", timeout=30)
    until = (now + day).isoformat().replace("+00:00", "Z")
    assert answer.json()["silences"] == [{"what": "tags a or b", "until": until, "reason": "Moving."}]
    assert answer.json()["away"] == [{"person": "Ann", "until": until, "deputy": "Bob"}]
    assert "@" not in answer.text


def test_status_is_an_answer_where_the_database_cannot_be_used(web_server: WebServer, tmp_path: Path) -> None:
    path = web_server.store.database.path
    assert path is not None
    web_server.store.close()
    path.rename(tmp_path / "away.db")
    code, reasons = status(web_server)
    assert code == 503
    assert "unable to open database file" in reasons[-1]
    assert metrics(web_server)["alerts_database_up", ()] == 0


def test_sending_that_is_held_is_no_good_status(web_server: WebServer) -> None:
    now = utc_now()
    web_server.store.held_sending.hold(now - timedelta(days=1), now)
    code, reasons = status(web_server)
    assert code == 503
    assert any("run `alerts resume`" in reason for reason in reasons)
    assert metrics(web_server)["alerts_sending_held", ()] == 1


def test_metrics_are_those_of_the_database(web_server: WebServer) -> None:
    store = web_server.store
    load(store, entry(SECRET_KEY, "2099-01-31"), now=utc_now() - timedelta(days=1))
    assert store.database.path is not None
    with daemon_lock(store.database.path):
        sweep(store, desk="it refuses the login", chat=None)
        found = metrics(web_server)
    assert found["alerts_database_up", ()] == 1
    assert found["alerts_daemon_up", ()] == 1
    assert found["alerts_clock_doubted", ()] == 0
    assert found["alerts_sending_held", ()] == 0
    assert found["alerts_commitments", (("status", "open"),)] == 1
    assert found["alerts_channel_up", (("channel", "desk"),)] == 0
    assert found["alerts_channel_up", (("channel", "chat"),)] == 1
    assert found["alerts_last_sweep_timestamp_seconds", ()] == pytest.approx(utc_now().timestamp(), abs=60)
    assert found["alerts_delivery_delay_seconds_count", ()] == 0
    assert {"alerts_build_info", "alerts_data_info", "process_resident_memory_bytes"} <= {name for name, _ in found}


def test_a_request_is_counted_without_its_token(web_server: WebServer) -> None:
    web_server.get("/a/abcdef0123456789")
    text = requests.get(f"{web_server.operations_url}/metrics", timeout=30).text
    assert re.search(r'alerts_http_requests_total\{method="GET",route="…",status="404"\} [1-9]', text)
    assert "abcdef0123456789" not in text


def test_no_label_has_a_key_or_an_address(web_server: WebServer) -> None:
    load(web_server.store, entry(SECRET_KEY, "2099-01-31"), now=utc_now())
    text = requests.get(f"{web_server.operations_url}/metrics", timeout=30).text
    assert SECRET_KEY not in text
    assert "@" not in text


def test_promtool_finds_nothing_to_say(serve: Serve) -> None:
    promtool = tool("promtool")
    text = requests.get(f"{serve().operations_url}/metrics", timeout=30).content
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


@pytest.mark.parametrize(("took", "used_for"), [(0.0, 5), (1.2, 24), (60.0, 60)])
def test_an_answer_is_used_longer_where_it_took_longer(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, took: float, used_for: int
) -> None:
    now, asked = utc_now(), []

    def measure(_: Store, at: datetime) -> Measurements:
        asked.append(at)
        clock.passed += took
        raise InputError("it cannot be read")

    metrics = StoreMetrics(replace(serve().services, clock=lambda: clock.now))
    monkeypatch.setattr(Store, "measure", measure)
    clock = SimpleNamespace(now=now, passed=0.0)
    monkeypatch.setattr(store_metrics, "monotonic", lambda: clock.passed)
    for seconds in (0, used_for - 1, used_for):
        clock.now = now + timedelta(seconds=seconds)
        list(metrics.collect())
    assert [(at - now).total_seconds() for at in asked] == [0, used_for]
