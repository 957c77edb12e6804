"""`make container`: tries the built image as a service, with a mail server and a webhook outside of it.

An alert arrives by mail and by webhook; the link in the mail is pressed, and the answer is stored; the container is
healthy, ends when it is asked to, starts again, and sends nothing twice.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.image.container import Container
from tests.patience import eventually, pause
from tests.web.daemon_site import free_port, hook
from tests.web.received_mails import HOST, link_of_text, mail_server, press

ARRIVES_WITHIN = 180.0  # seconds; the rule looks each minute
NEXT_TURN = 65.0  # seconds until the rule has looked again
CONFIG = """
timezone: UTC
people: [{{key: ann, name: Ann, email: ann@example.org}}]
channels:
  desk: {{kind: email, from: alerts@example.org, to: [ann@example.org],
    smtp: {{host: 127.0.0.1, port: {smtp}, security: none}}}}
  chat: {{kind: webhook, url: "http://127.0.0.1:{hook}/hook"}}
rules:
  - {{name: all, cron: "* * * * *", match: {{}}, notify: [desk, chat], digest: false, remind: {{before: [P7D]}}}}
http: {{public_url: "http://{host}:{port}"}}
"""


def attempt(container: Container, folder: Path) -> None:
    """Let the image do its work once."""
    port = free_port()
    with mail_server() as (smtp, inbox), hook(0.0) as (posts, received):
        configuration = CONFIG.format(smtp=smtp, hook=posts, host=HOST, port=port)
        (folder / "alerts.yaml").write_text(configuration, encoding="utf-8")
        day = datetime.now(UTC).date() + timedelta(days=3)
        entry = f"commitments: [{{key: filing, title: Quarterly filing, deadline: {day}}}]\n"
        (folder / "commitments").mkdir()
        (folder / "commitments" / "desk.yaml").write_text(entry, encoding="utf-8")
        container.start(folder, {"ALERTS__HTTP__PORT": str(port), "ALERTS_HTTP_BIND": "127.0.0.1"})
        eventually(lambda: "ok" in container.alerts("health", "--live", check=False), "healthy", ARRIVES_WITHIN)
        container.alerts("load", "/config/commitments/desk.yaml")
        eventually(lambda: inbox.mails and received, "an alert has arrived by mail and by webhook", ARRIVES_WITHIN)
        said(f"an alert arrived by mail ({inbox.mails[0]['subject']}) and by webhook")
        press(port, link_of_text(inbox.mails[0]), "acknowledge")
        (answer,) = [one for one in json.loads(container.alerts("show", "filing", "--json"))["history"] if one["proof"]
                     == "link"]  # fmt: skip
        assert answer["what"] == "acknowledged"
        said(f"an answer by its link is stored: {answer['what']} by {answer['recorded_by']}")
        assert all(json.loads(line) for line in container.log().splitlines() if line.startswith("{"))
        assert json.loads(container.read("/sbom.json"))["bomFormat"] == "CycloneDX"
        code = container.stop()
        assert code == 0, f"it ended with {code}:\n{container.log()}"
        said("it ends when it is asked to")
        container.start_again()
        eventually(lambda: "ok" in container.alerts("health", "--live", check=False), "healthy again", ARRIVES_WITHIN)
        pause(NEXT_TURN)
        ids = Counter([str(one["message-id"]) for one in inbox.mails] + received)
        assert set(ids.values()) == {1}, f"sent twice: {ids}\n{container.log()}"
        said(f"started again, it is healthy and has sent nothing twice ({len(ids)} messages)")


def said(what: str) -> None:
    """Print what was seen."""
    sys.stdout.write(f"image: {what}\n")
    sys.stdout.flush()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--engine", default="docker", help="the command of docker or podman")
    options.add_argument("--image", default="alerts")
    options.add_argument("--options", default="", help="more options for its run")
    given = options.parse_args()
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the user in the container reads it
        with Container(shlex.split(given.engine), given.image, shlex.split(given.options)) as container:
            attempt(container, Path(folder))


if __name__ == "__main__":
    main()
