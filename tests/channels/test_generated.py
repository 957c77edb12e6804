"""Notifications of odd data: each channel's post of each keeps to what its service takes."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from alerts.core.posts import text_of
from alerts.rendering.renderer import Renderer
from tests.channels.cases import LINKS
from tests.channels.generated import COUNT, messages, notifications
from tests.channels.kinds import CHANNELS, CHATS, TEXTS
from tests.channels.limits import CHECKS, card_of, cards, texts_of, well_formed
from tests.rendering.reminder_factories import TEMPLATES

ROOM = {"apprise": 40_000, "pagerduty": 110_000}  # characters of words for which there is no room


@pytest.mark.parametrize("kind", [*CHATS, *TEXTS])
def test_every_post_is_one_that_the_service_takes(kind: str) -> None:
    channel, posts = CHANNELS[kind], [message.post for message in messages("post")]
    assert len(posts) == COUNT
    for post in posts:
        body: Any = channel.body(post)
        well_formed(body)
        CHECKS[kind](body)
        said = "\n".join(texts_of(body))
        assert "alerts ack" in said or "alerts list" in said  # the last section always stays
        if len(text_of(post.sections)) > ROOM.get(kind, 30_000):
            assert "… shortened: " in said or "there is more than one message holds" in said


@pytest.mark.parametrize("kind", [*CHATS, *TEXTS])
def test_with_links_it_is_one_too_and_the_link_for_all_stays_whole(kind: str) -> None:
    channel, renderer = CHANNELS[kind], Renderer([TEMPLATES])
    for asked in notifications()[::10]:
        message, error = renderer.render(replace(asked, links=LINKS), "post")
        assert error is None
        assert message.post
        assert message.post.answer
        body: Any = channel.body(message.post)
        well_formed(body)
        CHECKS[kind](body)
        assert message.post.answer.link in json.dumps(body)


def test_every_webhook_holds_its_data() -> None:
    for asked, message in zip(notifications(), messages("json"), strict=True):
        body = json.loads(json.dumps(message.body))
        CHECKS["webhook"](body)
        sent = Counter((one["commitment"]["key"], one["kind"]) for one in body["data"]["reminders"])
        assert sent == Counter((one.tracked.commitment.key, one.reminder.kind) for one in asked.contexts)


def test_cards_for_teams_keep_to_the_published_schema() -> None:
    for message in messages("post")[::50]:  # it takes long to look at one
        cards().validate(card_of(CHANNELS["teams"].body(message.post)))
