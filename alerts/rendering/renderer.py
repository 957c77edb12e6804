"""The one place that knows Jinja2: templates found, compiled once, and rendered in a sandbox."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alerts.core.notifications import Message, Notification
from alerts.rendering import slack
from alerts.rendering.facts import Digest, facts
from alerts.rendering.plain import SUBJECT, plain
from alerts.rendering.saying import FILTERS, flat, known_zone, shorten

Form = Literal["mail", "text", "json", "slack"]


class _TemplateFailed(Exception):
    """A template that could not be rendered; the text names it and the line."""


class Renderer:
    """Turns notifications into messages. A template is looked for in each folder, the first one that has it wins.

    A template of the user's may extend the shipped one under `shipped/…`, which is that of the last folder. Safe to
    share between threads.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folder.resolve() for folder in folders)
        self._text = self._environment(autoescape=False)
        self._html = self._environment(autoescape=True)

    def render(self, notification: Notification, form: Form) -> tuple[Message, str | None]:
        """Render; if a template fails, the built-in plain message and the error in one line. Never raises."""
        try:
            return self._message(notification, form), None
        except _TemplateFailed as failed:
            return plain(notification, form), str(failed)
        except Exception as error:  # noqa: BLE001 - the word gets out, whatever the data are
            return plain(notification, form), shorten(flat(f"rendering: {type(error).__name__}: {error}"), 300)

    def check(self, notification: Notification, form: Form) -> list[str]:
        """Render each template of a form by itself and return the errors of all, one line each."""
        found: dict[str, None] = {}
        for piece in self._pieces(notification, form):
            try:
                piece()
            except _TemplateFailed as failed:
                found[str(failed)] = None
            except Exception as error:  # noqa: BLE001 - a check reports whatever there is
                found[shorten(flat(f"rendering: {type(error).__name__}: {error}"), 300)] = None
        return list(found)

    def _pieces(self, notification: Notification, form: Form) -> list[Callable[[], object]]:
        pieces: list[Callable[[], object]] = [
            lambda: self._subject(notification),
            lambda: self._plain_text(notification),
        ]
        if form == "mail":
            pieces.append(lambda: self._mail(notification))
        if form == "json":
            pieces.append(lambda: self._json(notification))
        if form == "slack":
            pieces.append(lambda: self._slack(notification))
        return pieces

    def _message(self, notification: Notification, form: Form) -> Message:
        return Message(
            subject=self._subject(notification),
            text=self._plain_text(notification),
            html=self._mail(notification) if form == "mail" else None,
            body=self._json(notification) if form == "json" else self._slack(notification) if form == "slack" else None,
            rendered_at=notification.now,
        )

    def _subject(self, notification: Notification) -> str:
        return shorten(flat(self._fill(self._text, "email/subject.txt", self._context(notification))), SUBJECT)

    def _plain_text(self, notification: Notification) -> str:
        name = f"email/{_which(notification)}.txt"
        text = self._fill(self._text, name, self._context(notification))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(line if line == "-- " else line.rstrip() for line in text.split("\n")))

    def _mail(self, notification: Notification) -> str:
        context = self._context(notification) | {"subject": self._subject(notification)}
        return re.sub(r"\n\s*\n+", "\n", self._fill(self._html, f"email/{_which(notification)}.html", context))

    def _slack(self, notification: Notification) -> Mapping[str, object]:
        context = self._context(notification, slack.escape)
        header = self._fill(self._text, "email/subject.txt", context)
        return slack.post(header, self._fill(self._text, f"chat/{_which(notification)}.txt", context))

    def _json(self, notification: Notification) -> Mapping[str, object]:
        name = "webhook/body.json"
        text = self._fill(self._text, name, self._context(notification) | {"summary": self._subject(notification)})
        try:
            body = json.loads(text)
        except ValueError as error:
            raise _TemplateFailed(f"template {name}: what it renders is not JSON: {error}") from None
        if not isinstance(body, dict):
            raise _TemplateFailed(f"template {name}: what it renders is not a JSON object")
        return body

    def _context(self, notification: Notification, escape: Callable[[str], str] = str) -> dict[str, object]:
        told = facts(notification, escape)
        digest = Digest(told=told, reader=known_zone(notification.zone), now=notification.now)
        return {"digest": digest, "t": told[0] if len(told) == 1 else None, "recipient": escape(notification.recipient)}

    def _fill(self, environment: ImmutableSandboxedEnvironment, name: str, context: Mapping[str, object]) -> str:
        try:
            return environment.get_template(name).render(context).strip() + "\n"
        except Exception as error:
            raise _TemplateFailed(shorten(flat(self._place(error, name)), 300)) from error

    def _place(self, error: Exception, name: str) -> str:
        if isinstance(error, TemplateNotFound):
            return f"template {error.name or name}: there is no such file"
        if isinstance(error, TemplateSyntaxError):
            return f"template {error.name or name}: line {error.lineno}: {error.message}"
        frames = [(self._named(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
        places = [(found, line) for found, line in frames if found]
        found, line = places[-1] if places else (name, None)
        return f"template {found}: " + (f"line {line}: " if line else "") + (str(error) or type(error).__name__)

    def _named(self, filename: str) -> str | None:
        return next(
            (Path(filename).relative_to(folder).as_posix() for folder in self._folders if Path(filename).is_relative_to(folder)),
            None,
        )

    def _environment(self, *, autoescape: bool) -> ImmutableSandboxedEnvironment:
        shipped = {"shipped": FileSystemLoader(self._folders[-1:])}
        environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([FileSystemLoader(self._folders), PrefixLoader(shipped)]),
            autoescape=autoescape,  # noqa: S701 - one environment makes HTML; plain text and JSON have nothing to escape
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(FILTERS)
        return environment


def _which(notification: Notification) -> str:
    return "reminder" if len(notification.told) == 1 else "digest"
