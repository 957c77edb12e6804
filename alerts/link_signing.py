"""What makes the links of messages: where they lead, on which channels, and the keys that sign them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import get_args

from alerts.answer_keys import AnswerKey, key_path, make_key_file, parse_keys, read_key_file
from alerts.channels import Channel
from alerts.clock import utc_now
from alerts.core.answer_links import AnswerLinks, key_id_of
from alerts.deadlines.errors import InputError
from alerts.settings import Settings
from alerts.settings.http_section import AlertAnswer
from alerts.settings.loopback import is_loopback
from alerts.store.database_url import sqlite_file

log = logging.getLogger(__name__)


KeySource = Callable[[], tuple[AnswerKey, ...]]


def no_keys() -> tuple[AnswerKey, ...]:
    """Return no keys."""
    return ()


class KeyFile:
    """The keys of a file. It is read again whenever it has changed, and made when the first link is needed."""

    def __init__(self, path: Path, now: Callable[[], datetime] = utc_now) -> None:
        self.path = path
        self._now = now
        self._seen: tuple[int, ...] = ()
        self._keys: tuple[AnswerKey, ...] = ()
        self._logged = ""

    def __call__(self) -> tuple[AnswerKey, ...]:
        """Return the keys. Where the file cannot be used, the log says it, and the keys of before stay.

        No alert waits for it: without any keys, messages go out with commands.
        """
        try:
            if not self.path.exists():
                make_key_file(self.path, self._now())
            found = self.path.stat()
            seen = (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)
            if seen != self._seen:
                self._keys = read_key_file(self.path)
                self._seen, self._logged = seen, ""
        except (InputError, OSError) as error:
            if str(error) != self._logged:
                log.error("answer links: %s", error)  # noqa: TRY400 # the line says it all
                self._logged = str(error)
        return self._keys


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSigning:
    """What makes links. Without a `public_url` there are none; where `is_local` they lead only this machine here.

    `allowed` names what a link may answer. `path` is the key file, where it is ours.
    """

    public_url: str | None = None
    is_local: bool = False
    allowed: tuple[str, ...] = ()
    source: KeySource = field(default=no_keys, repr=False)
    path: Path | None = None

    def keys(self) -> tuple[bytes, ...]:
        """Return the keys: the first signs, all verify."""
        return tuple(key.secret for key in self.source()) if self.public_url else ()

    def links(self, channel: Channel) -> AnswerLinks | None:
        """Return what makes the links in messages of a channel; None where these have none."""
        if not self.reaches(channel) or self.public_url is None:
            return None
        keys = self.keys()
        return AnswerLinks(self.public_url, key_id_of(keys[0]), self.allowed) if keys else None

    def sample(self, channel: Channel) -> AnswerLinks | None:
        """Return what makes links that look like those of a channel and never work."""
        return (
            AnswerLinks(self.public_url, bytes(4), self.allowed) if self.public_url and self.reaches(channel) else None
        )

    def reaches(self, channel: Channel) -> bool:
        """Whether messages of a channel have links, as set. A link to this machine is of use on this machine only."""
        takes = bool(getattr(channel, "answers", False))  # a plugin of before has no such attribute
        return takes and self.public_url is not None and (channel.local or not self.is_local)

    def problem(self) -> str | None:
        """Return why the keys cannot be used; nothing is made."""
        if self.public_url is None or self.path is None or not self.path.exists():
            return None
        try:
            read_key_file(self.path)
        except InputError as error:
            return str(error)
        return None


NO_LINKS = LinkSigning()


def link_signing(settings: Settings) -> LinkSigning:
    """Return what makes links. Raises InputError where the keys that the settings name cannot be read."""
    http = settings.http
    if http is None or http.public_url is None:
        return NO_LINKS
    path: Path | None = None
    source: KeySource = no_keys
    if http.answer_keys is not None:
        stated = parse_keys(http.answer_keys, "http.answer_keys")
        source = partial(tuple, stated)
    elif database := sqlite_file(settings.database):
        path = key_path(database)
        source = KeyFile(path)
    allowed = tuple(code for code in get_args(AlertAnswer) if code in http.allowed_answers)
    local = is_loopback(http.public_host or "")
    return LinkSigning(public_url=http.public_url, is_local=local, allowed=allowed, source=source, path=path)
