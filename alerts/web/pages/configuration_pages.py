"""The pages of what is configured: rules and channels, a preview of an alert, and a test of a channel."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial

from alerts import shipped
from alerts.channel_tests import send_tests
from alerts.deadlines.errors import InputError
from alerts.log_output import fields
from alerts.rendering.composing import compose
from alerts.rendering.renderer import Renderer
from alerts.rendering.template_filters import clean
from alerts.settings import Settings
from alerts.store.store_error import StoreError
from alerts.views.built_channels import built_channel
from alerts.views.message_previews import next_message
from alerts.web.answer_form import AnswerForm
from alerts.web.pages.channel_tries import ChannelTries
from alerts.web.pages.channels_view import channels_view
from alerts.web.pages.due_index import IndexedCommitment
from alerts.web.pages.form_tokens import FormTokens
from alerts.web.pages.page_reading import PageReading
from alerts.web.pages.preview_choice import MessagePreview, PreviewChoice
from alerts.web.pages.rules_view import rules_view
from alerts.web.pages.shown_page import ShownPage

log = logging.getLogger(__name__)
MOST_SUMMED_UP = 1000  # commitments: the summary of more would take a page longer than it may


class ConfigurationPages:
    """Shows rules, channels and previews, and sends test messages. Threads may share it."""

    def __init__(self, settings: Settings, tokens: FormTokens) -> None:
        self._settings, self._tokens, self._tries = settings, tokens, ChannelTries()

    def rules(self, reading: PageReading, everything: Sequence[IndexedCommitment]) -> ShownPage:
        """Return the page of rules."""
        values = {"view": rules_view(reading, everything), "renamed": self._renamed}
        return ShownPage(template="rules", values=values)

    def channels(self, reading: PageReading, *, status: int = 200, notice: str = "", problem: str = "") -> ShownPage:
        """Return the page of channels."""
        values: dict[str, object] = {
            "view": channels_view(reading),
            "tries": self._tries.last(),
            **self._tokens.fields(reading.visitor),
            "notice": notice,
            "problem": problem,
        }
        return ShownPage(template="channels", values=values, status=status)

    def press_channels(self, reading: PageReading, body: bytes) -> ShownPage:
        """Send a test message to the recipients of a channel, and return the page that says what became of it."""
        form = AnswerForm.read(body)
        if not self._tokens.is_ours(form, reading.visitor):
            return self.channels(reading, status=403, notice="stale")
        what, name = form.choice
        if what != "test":
            return self.channels(reading)
        try:
            channel = built_channel(self._settings, name)
        except InputError as error:
            return self.channels(reading, status=422, problem=str(error))
        redact = self._settings.redaction
        send = partial(send_tests, channel, self._renderer, reading.zone, reading.now, redact)
        if problem := self._tries.start(name, reading.now, send):
            return self.channels(reading, status=429, problem=problem)
        by = reading.visitor.actor(form.name).name
        seen = fields(event="page", answer="test", channel=name, by=by)
        log.info("tested from a page: channel %s, by %s", name, by, extra=seen)
        return self.channels(reading)

    def preview(self, reading: PageReading, choice: PreviewChoice) -> ShownPage:
        """Return the page with a preview of a message, if one is chosen."""
        values: dict[str, object] = {
            "choice": choice,
            "rules": list(reading.rules),
            "channels": [one.name for one in self._settings.channels],
            "message": None,
            "problem": "",
        }
        if not choice.rule:
            return ShownPage(template="preview", values=values)
        try:
            values["message"] = self.message(reading, choice)
        except InputError as error:
            if isinstance(error, StoreError):
                raise
            problem = self._settings.redaction(clean(str(error)))
            return ShownPage(template="preview", values=values | {"problem": problem}, status=422)
        return ShownPage(template="preview", values=values)

    def message(self, reading: PageReading, choice: PreviewChoice) -> MessagePreview:
        """Return the message that is chosen, as it would go out next. Raises InputError where there is none."""
        if not choice.key and reading.store.ledger.counts().get("open", 0) > MOST_SUMMED_UP:
            raise InputError(
                f"a page cannot sum up so many commitments: run `alerts preview {choice.rule}`, or name one"
            )
        found = next_message(reading, choice.rule, choice.key or None, choice.channel or None, reading.now)
        through, notification = found
        links = reading.services.signing.sample(through)
        message, failed = compose(self._renderer, through, replace(notification, links=links))
        text = message.text if message.body is None else json.dumps(message.body, indent=2, ensure_ascii=False)
        redact = self._settings.redaction
        return MessagePreview(
            channel=through.name,
            recipient=notification.recipient,
            at=notification.now,
            subject=redact(message.subject),
            text=redact(text),
            html=message.html and redact(message.html),
            failed=failed and redact(failed),
        )

    @cached_property
    def _renderer(self) -> Renderer:
        own = [self._settings.templates] if self._settings.templates else []
        return Renderer([*own, shipped.folder("templates")])

    @cached_property
    def _renamed(self) -> tuple[str, ...]:
        """Return where the user's templates use old names."""
        return tuple(map(str, self._renderer.uses_of_renamed())) if self._settings.templates else ()
