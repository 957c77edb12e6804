"""The structure of a Slack post: a header and sections within Slack's limits. The words come from templates."""

from __future__ import annotations

import re

from alerts.rendering.saying import flat, shorten

HEADER, SECTION, BLOCKS, ALL = 150, 3000, 50, 13_200  # characters, characters, blocks, characters of a whole post
MORE = "… there is more than one message holds: `alerts list`"


def escape(text: str) -> str:
    """Make data inert: Slack reads only these three, on which mentions and links depend."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def post(subject: str, words: str) -> dict[str, object]:
    """Lay out the words, one section for each part between lines of `---`; what does not fit is cut visibly.

    The last part (the commands) is always kept.
    """
    parts = [part.strip() for part in re.split(r"^---$", words, flags=re.MULTILINE) if part.strip()]
    sections = [shorten(re.sub(r"\n{2,}", "\n", part), SECTION) for part in parts]
    header = shorten(flat(subject), HEADER)
    last = sections.pop() if sections else ""
    room = ALL - 2 * len(header) - len(last) - len(MORE)
    kept: list[str] = []
    for section in sections:
        room -= len(section)
        if room < 0 or len(kept) >= BLOCKS - 3:
            kept.append(MORE)
            break
        kept.append(section)
    blocks: list[dict[str, object]] = [{"type": "header", "text": {"type": "plain_text", "text": header}}]
    blocks += [{"type": "section", "text": {"type": "mrkdwn", "text": text}} for text in (*kept, last) if text]
    return {"text": header, "blocks": blocks}
