"""A pseudonym in place of a person: in texts, however a name is wrapped or escaped, and in values of JSON."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, quote_plus

DOMAIN = "erased.invalid"  # no mail can be sent there (RFC 2606, section 2)
# Fields that hold no people: a tag, rule or channel may be the same word as the key of a person.
IDENTIFIERS = frozenset({
    "calendars", "channel", "channels", "claimed_by", "commitment", "deadline", "entries", "events",
    "fingerprint", "first", "folder", "form", "hash", "host", "id", "key", "kind", "kinds", "last", "named",
    "occurrence", "offset", "parties", "payload_hash", "priorities", "priority", "proof", "review_every",
    "roll", "rule", "rule_set", "rules", "source", "state", "status", "tags", "thread", "timezone",
    "token_hash", "type", "uid", "what", "zone",
})  # fmt: skip
PARTIES = frozenset({"by", "to"})  # as lists: the parties of a commitment
FOLD = re.compile(r"\r?\n[ \t]")  # of a long line in a calendar (RFC 5545, section 3.1)
GAP = r"(?:\s|&nbsp;|&#160;|&#xa0;)+"  # what separates the words of a name
ESCAPED = {"'": "(?:'|’|&#39;|&#x27;|&apos;)", '"': "(?:\"|&#34;|&quot;)", "&": "&(?:amp;)?", "<": "(?:<|&lt;)",
           ">": "(?:>|&gt;)"}  # fmt: skip
WHOLE_NAME = r"(?<![^\W_])(?:{})(?![^\W_])"
WHOLE_WORD = r"(?<![\w-])(?<!\w\.)(?:{})(?![\w@-]|\.\w)"  # `ana` is neither in `ana-maria` nor in `ana@example.org`


@dataclass(frozen=True, kw_only=True)
class Pseudonym:
    """What takes the place of a person: of their key, and of other names and addresses of theirs."""

    text: str
    key: str
    names: tuple[str, ...]

    @cached_property
    def _addresses(self) -> dict[str, str]:
        """Return what takes the place of each address: they stay apart, so that they can be counted."""
        found = dict.fromkeys(name.lower() for name in self.names if "@" in name)
        numbers = (f"-{number}" if number > 1 else "" for number in range(1, len(found) + 1))
        return {name: f"{self.text}{number}@{DOMAIN}" for name, number in zip(found, numbers, strict=True)}

    @cached_property
    def _patterns(self) -> list[re.Pattern[str]]:
        """Match what can mean this person only: addresses, and names of several words."""
        addresses = [name for name in self.names if "@" in name]
        names = [name for name in self.names if "@" not in name and " " in name]
        found = (_pattern(addresses, WHOLE_WORD, re.IGNORECASE), _pattern(names, WHOLE_NAME, re.IGNORECASE))
        return [one for one in found if one]

    @cached_property
    def _parts(self) -> list[str]:
        """Return a part of each name that is in every way of writing it: to look for that takes a tenth of the time."""
        runs = [re.findall(r"[a-z0-9]+", name.lower()) for name in (self.key, *self.names)]
        return [max(some, key=len, default="") for some in runs]

    @cached_property
    def _words(self) -> re.Pattern[str] | None:
        """Match the key and names of one word, which other things may have as well."""
        return _pattern([name for name in (self.key, *self.names) if not re.search(r"[@ ]", name)], WHOLE_WORD, 0)

    def in_text(self, text: str, name: str = "") -> str:
        """Return a text with the pseudonym.

        `name` is that of its column or value: where it names no person, single words stay.
        """
        folded = text.lower()
        if not any(part in folded for part in self._parts):
            return text
        for pattern in self._patterns:
            text = pattern.sub(self._instead, text)
        if self._words and name not in IDENTIFIERS:
            text = self._words.sub(self.text, text)
        return text

    def in_value(self, value: Any, name: str = "") -> Any:
        """Return JSON with the pseudonym."""
        if isinstance(value, str):
            unfolded = FOLD.sub("", value) if value.startswith("BEGIN:VCALENDAR") else value
            changed = self.in_text(unfolded, name)
            return value if changed == unfolded else changed
        if isinstance(value, list):
            inner = "parties" if name in PARTIES else name
            return [self.in_value(one, inner) for one in value]
        if isinstance(value, Mapping):
            return {self.in_text(key, "key"): self.in_value(one, key) for key, one in value.items()}
        return value

    def in_stated_json(self, text: str) -> str:
        """Return a text that is JSON, or any other one, with the pseudonym."""
        try:
            value = json.loads(text)
        except ValueError:
            return self.in_text(text)
        changed = self.in_value(value)
        return text if changed == value else json.dumps(changed)

    def _instead(self, found: re.Match[str]) -> str:
        plain = html.unescape(found[0]).replace("%40", "@").lower()
        return self._addresses.get(plain, f"{self.text}@{DOMAIN}") if "@" in plain else self.text


def _pattern(names: Iterable[str], whole: str, flags: int) -> re.Pattern[str] | None:
    """Return what matches names, also as web addresses have them."""
    ways = {way(name) for name in names if name for way in (str, quote, quote_plus)}
    if not ways:
        return None
    longest_first = sorted(ways, key=lambda one: (-len(one), one))
    return re.compile(whole.format("|".join(map(_as_written, longest_first))), flags)


def _as_written(name: str) -> str:
    """Return what matches a name wherever it is wrapped, and however HTML escapes it."""
    return GAP.join("".join(ESCAPED.get(one, re.escape(one)) for one in word) for word in name.split())
