"""compose.yaml, the systemd unit and the Kubernetes manifests: valid, hardened, and without secrets.

COMPOSE_SCHEMA names the JSON Schema of the compose specification (schema/compose-spec.json in compose-spec on GitHub),
which is not kept here. What could not be tried on a machine is printed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from alerts.store.database_url import parse_address

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
UNIT = ROOT / "docs/systemd/alerts.service"
MANIFESTS = list(yaml.safe_load_all((ROOT / "docs/kubernetes/alerts.yaml").read_text(encoding="utf-8")))
LEAST_EXPOSED = "20"  # tenths, as `systemd-analyze security` counts: "OK" begins below this


def not_tried(capsys: pytest.CaptureFixture[str], what: str) -> None:
    with capsys.disabled():
        sys.stderr.write(f"\nNOT TRIED: {what}\n")


def test_compose_fits_the_specification(capsys: pytest.CaptureFixture[str]) -> None:
    path = os.environ.get("COMPOSE_SCHEMA")
    if not path:
        not_tried(capsys, "compose.yaml against the compose specification: name its schema in COMPOSE_SCHEMA")
        return
    check = jsonschema.Draft7Validator(json.loads(Path(path).read_text(encoding="utf-8")))
    assert [error.message for error in check.iter_errors(COMPOSE)] == []
    broken = COMPOSE | {"services": SERVICES | {"alerts": SERVICES["alerts"] | {"restarts": "always"}}}
    assert not check.is_valid(broken)


def test_compose_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["docker", "compose", "--file", str(ROOT / "compose.yaml"), "config", "--quiet"]
    known = (
        shutil.which("docker")
        and not subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
    )
    if not known:
        not_tried(capsys, "`docker compose config`: it is not installed")
        return
    assert subprocess.run(command, capture_output=True, text=True, check=False).stderr == ""


def test_what_a_service_names_is_declared() -> None:
    for service in SERVICES.values():
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
        assert set(service.get("networks", ())) <= set(COMPOSE["networks"])
        for other, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}
            assert "healthcheck" in SERVICES[other], "it would never count as healthy"
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])


def test_secrets_are_files_that_no_commit_takes_along() -> None:
    assert all(set(one) == {"file"} and one["file"].startswith("./secrets/") for one in COMPOSE["secrets"].values())
    assert "secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    address = parse_address(SERVICES["alerts"]["environment"]["ALERTS_DATABASE"])
    assert address.password is None
    assert address.query == {"passfile": "/run/secrets/pgpass"}
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name or str(value).startswith("/run/secrets/"), f"{name} shows a secret"


def test_there_are_two_replicas_that_start_after_the_database_and_again_after_a_crash() -> None:
    alerts = SERVICES["alerts"]
    assert alerts["deploy"]["replicas"] == 2
    assert "database" in alerts["depends_on"]
    assert "hostname" not in alerts, "replicas would share one, by which each finds its daemon"
    assert {service["restart"] for service in SERVICES.values()} == {"unless-stopped"}
    assert SERVICES["mail"]["profiles"] == ["mail"]
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["mail"]


def test_services_have_no_more_rights_than_they_need() -> None:
    for name, service in SERVICES.items():
        assert "no-new-privileges:true" in service["security_opt"]
        if name != "database":  # it takes its own user
            assert service["read_only"]
            assert service["cap_drop"] == ["ALL"]
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", ())), "reachable from outside"


def test_systemd_takes_the_unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not shutil.which("systemd-analyze"):
        not_tried(capsys, f"{UNIT.name}: systemd-analyze is not installed")
        return
    text = UNIT.read_text(encoding="utf-8")
    assert text.count("/opt/alerts/bin/alerts") == 1
    unit = tmp_path / UNIT.name
    unit.write_text(text.replace("/opt/alerts/bin/alerts", sys.executable), encoding="utf-8")
    for command in (["verify"], ["security", "--offline=true", f"--threshold={LEAST_EXPOSED}"]):
        done = subprocess.run(["systemd-analyze", *command, str(unit)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert command[0] != "verify" or not done.stderr, done.stderr
    unit.write_text(text.replace("RestrictRealtime=yes", "RestrictRealtimes=yes"), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert "RestrictRealtimes" in done.stderr, "a typo would not be seen"


def test_a_validator_takes_the_manifests(capsys: pytest.CaptureFixture[str]) -> None:
    if not find_spec("kubernetes_validate"):
        not_tried(capsys, "the Kubernetes manifests: kubernetes-validate is not installed; `make web` installs it")
        return
    validator = import_module("kubernetes_validate")
    version = validator.latest_version()
    for manifest in MANIFESTS:
        validator.validate(manifest, version, strict=True)
    with pytest.raises(validator.ValidationError):
        validator.validate(MANIFESTS[0] | {"specs": {}}, version, strict=True)


def test_the_manifests_fit_together_and_are_hardened() -> None:
    found = {one["kind"]: one for one in MANIFESTS}
    assert set(found) == {"Deployment", "Service", "PodDisruptionBudget"}
    spec = found["Deployment"]["spec"]
    labels = spec["template"]["metadata"]["labels"]
    pod, (container,) = spec["template"]["spec"], spec["template"]["spec"]["containers"]
    assert spec["selector"]["matchLabels"] == found["Service"]["spec"]["selector"] == labels
    assert found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}
    }  # fmt: skip
    assert pod["securityContext"]["runAsNonRoot"]
    assert "env" not in container, "an environment shows secrets"
    named = {port["name"] for port in container["ports"]}
    assert {found["Service"]["spec"]["ports"][0]["targetPort"], container["readinessProbe"]["httpGet"]["port"]} <= named


def test_what_they_run_is_what_the_image_runs() -> None:
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    health = MANIFESTS[0]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]["exec"]["command"]
    assert f"CMD {json.dumps(health)}" in image
    user = MANIFESTS[0]["spec"]["template"]["spec"]["securityContext"]["runAsUser"]
    assert f"USER {user}:{user}" in image
    assert re.search(r"^EXPOSE 8080$", image, re.MULTILINE)
