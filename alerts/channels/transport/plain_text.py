"""What channels of plain text share: the text of a post within a limit, and its urgency as a number."""

from __future__ import annotations

import json
from collections.abc import Callable

from alerts.channels.transport.markup import Markup
from alerts.core.posts import Post, shortened

PLAIN = Markup(escape=str, bold="{}", italic="{}", code="{}", link="{text} ({url})", quote="{}")
_BREAK = "\n\n"
_FEW = 40  # with less room than this next to a link there is none for a text
_LARGE_LIMIT = 1000  # with less room than this, sections would be cut too short
_URGENT = {"late": 2, "today": 2, "failure": 2, "soon": 1, "moved": 1, "open": 1}
_URGENCY_OF_PRIORITY = {"low": -1, "high": 1, "critical": 2}


def rank(post: Post) -> int:
    """Return the urgency from 0 (for later) to 3 (immediately), from the post's and the commitment's priority."""
    return max(0, min(3, _URGENT.get(post.urgency, 0) + _URGENCY_OF_PRIORITY.get(post.priority, 0)))


def json_octets(text: str) -> int:
    """Return what a text counts towards a limit in octets: its own, or more if JSON needs more to write it."""
    written = len(json.dumps(text, ensure_ascii=False).encode(errors="replace"))
    return max(len(text.encode(errors="replace")), written * 2 // 3)


def plain_text(post: Post, limit: int, size: Callable[[str], int] = len) -> str:
    """Return the text of a post without styles, at most `limit` (1 or more) by `size`. Longer text is cut visibly."""
    whole = _BREAK.join(filter(None, (PLAIN.write(section) for section in post.sections)))
    if size(whole) <= limit:
        return whole
    if limit >= _LARGE_LIMIT:
        parts = post.fitted(
            PLAIN.write, lambda text: size(text) + len(_BREAK), section=limit * 2 // 5, whole=limit - len(_BREAK)
        )
        return _BREAK.join(parts)
    pointer = f" … {post.answer.link if post.answer else post.more}"
    if limit - size(pointer) < (_FEW if post.answer else size(pointer)):
        return shortened(whole, limit, size)
    return shortened(whole, limit - size(pointer), size) + pointer
