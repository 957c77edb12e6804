"""The example rules and the dashboard: they ask for what there is, and the rules fire when they should."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from alerts.clock import utc_now
from alerts.store import Store
from tests import patience
from tests.factories import entries, load, plan_at, remind, rule
from tests.web.conftest import Serve
from tests.web.daemon_site import PATIENCE, WHOLE, free_port, tool
from tests.web.running import WebServer

DOCS = Path(__file__).resolve().parents[2] / "docs"
RULES = DOCS / "prometheus/alerts.rules.yml"
DASHBOARD = DOCS / "grafana/deadline-alerts.json"
PAGE = DOCS / "operations.md"
METRIC = re.compile(r"\b(?:alerts|process)_[a-z_]+")


def asked_for() -> dict[str, set[str]]:
    rules = yaml.safe_load(RULES.read_text())
    panels = json.loads(DASHBOARD.read_text())["panels"]
    expressions = {
        RULES.name: [one["expr"] for group in rules["groups"] for one in group["rules"]],
        DASHBOARD.name: [target["expr"] for panel in panels for target in panel["targets"]],
    }
    return {name: {found for text in texts for found in METRIC.findall(text)} for name, texts in expressions.items()}


def offered(server: WebServer) -> set[str]:
    server.get("/readyz", headers={"Host": "elsewhere.example.org"})
    server.get("/nothing")  # a histogram shows from its first value on
    text = requests.get(f"{server.operations_url}/metrics", timeout=30).text
    return set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)) | set(re.findall(r"^([a-z_]+)", text, re.MULTILINE))


def swept(store: Store) -> None:
    store.ledger.record_fact("last sweep", "", utc_now())


def test_what_asks_for_dead_deliveries_asks_for_bounced_ones_too() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"] if "dead" in target["expr"]]
    assert len(asked) == 2
    assert all("bounced" in one for one in asked)
    rules = [one["expr"] for group in yaml.safe_load(RULES.read_text())["groups"] for one in group["rules"]]
    assert [state for state in ("dead", "bounced") for one in rules if f'state="{state}"' in one] == ["dead", "bounced"]


def test_rules_and_dashboard_ask_for_metrics_that_there_are(web_server: WebServer) -> None:
    swept(web_server.store)
    load(web_server.store, *entries(1, "2099-01-31"), now=utc_now())
    plan_now(web_server.store)
    there = offered(web_server)
    for name, metrics in asked_for().items():
        assert metrics, name
        assert metrics - there == set(), name


def test_each_metric_of_ours_is_documented(web_server: WebServer) -> None:
    swept(web_server.store)
    page = PAGE.read_text()
    ours = {name for name in offered(web_server) if name.startswith("alerts_")}
    parts = re.compile(r"_(?:bucket|count|sum|created)$")
    assert {name for name in ours if not parts.search(name) and f"`{name}`" not in page} == set()


def test_promtool_accepts_the_rules_and_their_tests() -> None:
    promtool = tool("promtool")
    for arguments in (["check", "rules", str(RULES)], ["test", "rules", "tests/web/alerts.rules_test.yml"]):
        done = subprocess.run([promtool, *arguments], capture_output=True, text=True, check=False, cwd=DOCS.parent)
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_rule_has_a_test() -> None:
    names = set(re.findall(r"- alert: (\w+)", RULES.read_text()))
    tests = yaml.safe_load((DOCS.parent / "tests/web/alerts.rules_test.yml").read_text())["tests"]
    firing = {one["alertname"] for test in tests for one in test["alert_rule_test"] if one.get("exp_alerts")}
    assert firing == names


@contextmanager
def prometheus(server: WebServer, folder: Path) -> Iterator[str]:
    """Run Prometheus on the server, with the example rules at a faster pace; yields its address."""
    quick = re.sub(r"for: \S+", "for: 1s", RULES.read_text()).replace("offset 10m", "offset 5s").replace("600", "30")
    (folder / "rules.yml").write_text(quick)
    scrape = {"job_name": "alerts", "static_configs": [{"targets": [f"127.0.0.1:{server.operations_port}"]}]}
    every = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config = {"global": every, "rule_files": ["rules.yml"], "scrape_configs": [scrape]}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    command = [tool("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
               f"--web.listen-address={address}"]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield f"http://{address}"
    finally:
        process.kill()
        process.wait()


def firing(address: str) -> set[str]:
    try:
        found: dict[str, Any] = requests.get(f"{address}/api/v1/alerts", timeout=10).json()
    except requests.RequestException:
        return set()
    return {one["labels"]["alertname"] for one in found["data"]["alerts"] if one["state"] == "firing"}


def plan_now(store: Store) -> None:
    """Plan an alert for each commitment."""
    now, only = utc_now(), rule(remind=remind(before=("P40000D",)), digest=False)
    plan_at(store, now, only)


@pytest.mark.skipif(not WHOLE, reason="slow: `make web` runs it")
def test_a_real_prometheus_fires_when_planning_stops_deliveries_die_and_the_backlog_grows(
    serve: Serve, tmp_path: Path
) -> None:
    server = serve()
    store = server.store
    with prometheus(server, tmp_path) as address:
        eventually(address, {"DeadlineAlertsDown"})
        store.ledger.record_fact("last sweep", "", utc_now() - timedelta(minutes=20))
        eventually(address, {"DeadlineAlertsPlanningStopped"})
        swept(store)
        steps = count(150, 150)

        def grow_and_die() -> bool:
            load(store, *entries(next(steps), "2099-01-31"), now=utc_now() - timedelta(days=1))
            plan_now(store)
            with store.database.write() as connection:
                connection.exec_driver_sql("UPDATE deliveries SET state = 'dead', last_error = '550 no' "
                                           "WHERE id = (SELECT min(id) FROM deliveries)")  # fmt: skip
            return {"DeadlineAlertsBacklogGrows", "DeadlineAlertsDeliveriesDead"} <= firing(address)

        # At the pace of the scrapes: the metrics are at most five seconds old.
        patience.eventually(grow_and_die, "the backlog grows and deliveries are dead", within=PATIENCE, every=1.0)


def eventually(address: str, names: set[str]) -> None:
    patience.eventually(lambda: names <= firing(address), f"{names} fire", within=PATIENCE, every=0.2)
