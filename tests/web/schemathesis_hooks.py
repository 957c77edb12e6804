"""What Schemathesis loads: each request has a key of its own, or a second one would get what came of the first."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import schemathesis

from alerts.web.api.api_call import KEY


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    stated = (case.headers or {}).get("Idempotency-Key")
    if isinstance(stated, str) and KEY.fullmatch(stated):
        case.headers["Idempotency-Key"] = f"{stated[:200]}-{uuid4().hex}"
