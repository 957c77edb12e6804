"""Where somebody is led after they have signed in: to a page of ours, and never to another site."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.types import Scope

LONGEST = 1500  # characters, as quoted in an address: with the rest of that, less than a request may have
# Visible ASCII alone: browsers leave out tabs and line ends, and take a backslash for a slash.
LOCAL = re.compile(r"/(?!/)[!-\[\]-~]*", re.ASCII)
HOME = "/"


def local_path(stated: str) -> str:
    """Return a path with its query where it leads to a page of ours, else that of the first page."""
    if len(quote(stated, safe="/")) > LONGEST or not LOCAL.fullmatch(stated) or stated.startswith("/sign-"):
        return HOME
    return stated


def path_of(scope: Scope) -> str:
    """Return the path of a request with its query, as far as it can be led back to."""
    query = scope["query_string"].decode("latin-1")
    return local_path(scope["raw_path"].decode("latin-1") + (f"?{query}" if query else ""))
