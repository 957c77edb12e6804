"""The renderer: from a notification to a message, by templates that are compiled once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from jinja2 import TemplateSyntaxError

from alerts.core.messages import Medium, Message
from alerts.core.notifications import Notification
from alerts.core.posts import Post, Section, text_of
from alerts.rendering.fitting import fit
from alerts.rendering.operator_notice import notice
from alerts.rendering.plain_message import SUBJECT, plain
from alerts.rendering.post_builder import PostBuilder, post_of
from alerts.rendering.post_markup import TAGS, accept_former_names, former_templates, sections_of, uses_of_tags
from alerts.rendering.recipient_facts import absentee_facts, fallback_facts
from alerts.rendering.reminder_facts import facts
from alerts.rendering.renamed_variables import uses_of_renamed
from alerts.rendering.summary_facts import summary_facts
from alerts.rendering.template_environment import Sandbox, error_text, sandbox
from alerts.rendering.template_facts import Digest, most_urgent
from alerts.rendering.template_filters import clean, flat, known_zone, shorten
from alerts.rendering.unused_overrides import unused_overrides

Context = Mapping[str, Any]
SHARED_TEMPLATES = re.compile(r"[^/]+\.jinja")  # what the others import
TEXT_TEMPLATES: Mapping[Medium, re.Pattern[str]] = {
    "mail": re.compile(r"email/.+\.txt"),
    "text": re.compile(r"email/.+\.txt"),
    "json": re.compile(r"webhook/.+\.json|email/subject\.txt"),
    "post": re.compile(r"chat/.+\.jinja|email/subject\.txt"),
}
HTML_TEMPLATES: Mapping[Medium, re.Pattern[str]] = {
    "mail": re.compile(r"email/.+\.html"),
    "post": re.compile(r"chat/.+\.html"),  # of a user who has not changed to the new chat templates
}
SUBJECT_COLUMNS = 78  # as RFC 5322 recommends for a line


class _TemplateError(Exception):
    """A template that could not be rendered; the text names it and the line."""


class Renderer:
    """Turns notifications into messages. The first folder that has a template wins.

    A user's template may extend the shipped one under `shipped/…`, which is in the last folder. Threads may share it.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folder.resolve() for folder in folders)
        self._text = sandbox(self._folders, autoescape=False)
        self._html = sandbox(self._folders, autoescape=True)
        accept_former_names(self._html)
        self._former = former_templates(self._folders[:-1])

    def warm_up(self, media: Collection[Medium]) -> None:
        """Compile the templates of these media now rather than when the first alert waits for it."""
        for environment, patterns in ((self._text, TEXT_TEMPLATES), (self._html, HTML_TEMPLATES)):
            names = environment.list_templates()
            found = [name for name in names for one in media if one in patterns and patterns[one].fullmatch(name)]
            shared = [name for name in names if SHARED_TEMPLATES.fullmatch(name)] if found else []
            for name in (*found, *shared):
                with suppress(TemplateSyntaxError, UnicodeDecodeError):  # rendering reports it
                    environment.get_template(name)

    def render(self, notification: Notification, medium: Medium) -> tuple[Message, str | None]:
        """Return the message; if a template fails, the built-in plain message and the error in one line. Never raises.

        `text` is the whole message for `mail` and `text`; for `post` its text, for `json` its subject.
        """
        if notification.notice:
            return notice(notification.notice, medium, notification.now, notification.zone), None
        try:
            return self._message(notification, medium), None
        except Exception as error:  # noqa: BLE001 - an alert goes out even if templates or data are wrong
            return self.plain(notification, medium), _one_line(error)

    def plain(self, notification: Notification, medium: Medium) -> Message:
        """Return the built-in plain message, which needs no template."""
        if notification.notice:
            return notice(notification.notice, medium, notification.now, notification.zone)
        return plain(notification, medium)

    def check(self, notification: Notification, medium: Medium) -> list[str]:
        """Render each template of a medium by itself and return all errors, one line each."""
        found: dict[str, None] = {}
        try:
            context = _context(notification)
            pieces: list[Callable[[], object]] = [lambda: self._subject(context, medium)]
            if medium in ("mail", "text"):
                pieces.append(lambda: self._plain_text(context))
            if medium == "mail":
                pieces.append(lambda: self._mail(context, "a subject"))
            if medium == "json":
                pieces.append(lambda: self._json(context, "a subject"))
            if medium == "post":
                pieces.append(lambda: self._post(context, "a subject"))
        except Exception as error:  # noqa: BLE001 - a check reports every error
            return [_one_line(error)]
        for piece in pieces:
            try:
                piece()
            except Exception as error:  # noqa: BLE001 - as above
                found[_one_line(error)] = None
        return list(found)

    def unused_overrides(self) -> list[str]:
        """Return one line for each part of the user's own templates that is never shown."""
        known = [*_names(self._folders[-1]), *self._former]
        return [line for folder in self._folders[:-1] for line in unused_overrides(self._html, _names(folder), known)]

    def uses_of_renamed(self) -> list[str]:
        """Return one line for each old variable, filter or chat template of the user's own."""
        own = [name for folder in self._folders[:-1] for name in _names(folder)]
        return [*uses_of_renamed(self._text, own), *uses_of_tags(self._text, own)]

    def _message(self, notification: Notification, medium: Medium) -> Message:
        context = _context(notification)
        subject, thread = self._subject(context, medium), notification.thread
        text, html, body, post = subject + "\n", None, None, None
        if medium == "mail":
            text, html = self._within(context, self._plain_text, lambda some: self._mail(some, subject))
        if medium == "text":
            (text,) = self._within(context, self._plain_text)
        if medium == "json":
            body = self._json(context, subject)
        if medium == "post":
            post = self._post(context, subject)
            text = text_of(post.sections) + "\n"
        return Message(
            subject=subject, text=text, html=html, body=body, rendered_at=notification.now, thread=thread, post=post
        )

    def _within(self, context: Context, *render: Callable[[Context], str]) -> tuple[str, ...]:
        """Render the texts of a message with as many entries as fit into each."""
        digest, sums = context["digest"], context["sums"]

        def pieces(room: int) -> tuple[str, ...]:
            listed = digest.listed[:room]
            some = {"digest": replace(digest, listed=listed), "sums": sums and replace(sums, listed=listed)}
            return tuple(one({**context, **some}) for one in render)

        return fit(pieces, len(digest.listed))

    def _subject(self, context: Context, medium: Medium) -> str:
        columns = SUBJECT if medium == "post" else SUBJECT_COLUMNS  # a post has the title nowhere else
        text = self._fill(self._text, "email/subject.txt", {**context, "columns": columns})
        return shorten(flat(text), SUBJECT)

    def _plain_text(self, context: Context) -> str:
        text = self._fill(self._text, f"email/{_message_name(context)}.txt", context)
        return re.sub(r"\n{3,}", "\n\n", text)

    def _mail(self, context: Context, subject: str) -> str:
        html = self._fill(self._html, f"email/{_message_name(context)}.html", {**context, "subject": subject})
        return re.sub(r"\n\s*\n+", "\n", html)

    def _post(self, context: Context, subject: str) -> Post:
        name = f"chat/{_message_name(context)}"
        former = f"{name}.html"
        context = {**context, "subject": subject}
        sections = self._former_sections(former, context) if former in self._former else self._sections(name, context)
        return post_of(context["digest"], subject, sections, summary=context["sums"] is not None)

    def _sections(self, name: str, context: Context) -> tuple[Section, ...]:
        builder = PostBuilder()
        if text := self._fill(self._text, f"{name}.jinja", {**context, **builder.names}).strip():
            where = "is outside of line(…) and quote(…), so no chat would show it"
            raise _TemplateError(f"template {name}.jinja: the text “{shorten(flat(text), 40)}” {where}")
        return builder.sections

    def _former_sections(self, name: str, context: Context) -> tuple[Section, ...]:
        html = self._fill(self._html, name, {**context, **TAGS})
        try:
            return sections_of(html)
        except ValueError as error:
            raise _TemplateError(f"template {name}: its output is no post: {error}") from None

    def _json(self, context: Context, subject: str) -> Mapping[str, object]:
        name = "webhook/body.json"
        text = self._fill(self._text, name, {**context, "summary": subject})
        try:
            body = json.loads(text)
        except ValueError as error:
            raise _TemplateError(f"template {name}: its output is not JSON: {error}") from None
        if not isinstance(body, dict):
            raise _TemplateError(f"template {name}: its output is not a JSON object")
        return body

    def _fill(self, environment: Sandbox, name: str, context: Context) -> str:
        try:
            return environment.get_template(name).render(context).strip() + "\n"
        except Exception as error:
            raise _TemplateError(error_text(error, name, self._folders)) from error


def _names(folder: Path) -> list[str]:
    ends = (".html", ".txt", ".json", ".jinja")
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.name.endswith(ends))


def _context(notification: Notification) -> Context:
    facts_of_all, reader, of = facts(notification), known_zone(notification.zone), notification.summary
    listed, links = most_urgent(facts_of_all), notification.links
    digest = Digest(
        reminders=facts_of_all,
        listed=listed,
        reader=reader,
        now=notification.now,
        fallback=fallback_facts(notification.fallback_for) if notification.fallback_for else None,
        on_behalf_of=tuple(absentee_facts(one) for one in notification.on_behalf_of),
        answer_url=links.url(notification.id) if links else None,
        allowed=links.allowed if links else (),
        reply_to=notification.reply_to,
    )
    return {
        "digest": digest,
        "sums": summary_facts(of, notification, reader, facts_of_all, listed) if of else None,
        "t": facts_of_all[0] if len(facts_of_all) == 1 and not of else None,
    }


def _message_name(context: Context) -> str:
    return "reminder" if context["t"] else "summary" if context["sums"] else "digest"


def _one_line(error: Exception) -> str:
    text = str(error) if isinstance(error, _TemplateError) else f"rendering: {type(error).__name__}: {error}"
    return shorten(flat(clean(text)), 300)
