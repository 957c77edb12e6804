"""Programs that use the API."""

from __future__ import annotations

import json
from typing import Any

import requests

from alerts.web.api.api_routes import PREFIX
from tests.web.answering import Desk


class Program:
    """A program with a token that may write."""

    def __init__(self, desk: Desk, owner: str | None = None, name: str = "sap") -> None:
        self.desk = desk
        self.token = desk.store.api_tokens.add(owner or name, "write", by="x", now=desk.now, owner=owner)

    def call(self, method: str, path: str, stated: Any = None, **headers: str) -> requests.Response:
        body = stated if isinstance(stated, str | None) else json.dumps(stated)
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(method, f"{self.desk.server.url}{PREFIX}{path}", data=body, headers=sent, timeout=30)
