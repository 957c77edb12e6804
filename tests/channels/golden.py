"""What each kind of channel posts for each case, stored: a change of it is seen as a diff.

Renew all with `python -m tests.channels.golden`, then look at the diff.
"""

from __future__ import annotations

import json
from pathlib import Path

from alerts.rendering.renderer import Renderer
from tests.channels.cases import CASES
from tests.channels.kinds import OPTIONS, body_of
from tests.rendering.reminder_factories import TEMPLATES

FOLDER = Path(__file__).parent / "golden"
PLAIN = "plain"  # the built-in message, which goes out when the templates fail
NAMES = (*CASES, PLAIN)


def payload(kind: str, name: str, renderer: Renderer) -> str:
    """The JSON of a case, laid out for people."""
    case = CASES["before" if name == PLAIN else name]
    body = body_of(kind, Renderer([FOLDER]) if name == PLAIN else renderer, case)
    return json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def stored(kind: str, name: str) -> Path:
    """The file that holds it."""
    return FOLDER / kind / f"{name}.json"


def renew() -> None:
    """Write all files anew, and take away those of what there is no more."""
    renderer = Renderer([TEMPLATES])
    for path in FOLDER.glob("*/*.json"):
        path.unlink()
    for kind in OPTIONS:
        (FOLDER / kind).mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            stored(kind, name).write_text(payload(kind, name, renderer), encoding="utf-8")


if __name__ == "__main__":
    renew()
