"""Runs one of our scripts in a process of its own, which is ended when the time is up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from alerts.channels.transport.time_budget import reason
from alerts.core.deliveries import DeliveryError

_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


def run_isolated(who: str, script: Path, request: Mapping[str, object], total: timedelta) -> dict[str, Any]:
    """Return the answer to a request, both JSON objects; the request also gets `timeout` (seconds).

    Its environment has no proxy, no secrets, and no home with a .netrc. Raises DeliveryError, whose text
    begins with `who`.
    """
    seconds = total.total_seconds()
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 # our own file; the request goes by stdin, which nobody else can read
            [sys.executable, "-I", str(script)],
            input=json.dumps({**request, "timeout": seconds}),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
            encoding="utf-8",
            errors="replace",
            env=kept | {"HOME": os.devnull},
            start_new_session=True,  # only the daemon handles Ctrl-C
            timeout=seconds,
        )
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise DeliveryError(f"{who}: timed out", channel_out=True) from None
    except OSError as error:
        raise DeliveryError(f"{who}: {reason(error)}", channel_out=True) from None
    except ValueError:
        raise DeliveryError(f"{who} ended without an answer ({done.returncode})", channel_out=True) from None
    return {**answer}
