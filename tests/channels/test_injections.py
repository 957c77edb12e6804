"""Whatever stands in data comes out as itself in every chat: no mention, link or tag of theirs is live."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from alerts.core.notifications import Notification
from alerts.core.posts import Post
from alerts.rendering.renderer import Renderer
from tests.channels.cases import CASES, LINKED
from tests.channels.kinds import CHANNELS, CHATS, TEXTS, body_of
from tests.channels.live import LIVE
from tests.injections import BASE, INJECTIONS
from tests.rendering.reminder_factories import BRIEF, laced, laced_otherwise, single

SAFE = str(BRIEF.url)
Posts = list[tuple[str, Post]]


def rendered(renderer: Renderer, text: str, asked: Notification) -> tuple[str, Post]:
    message, error = renderer.render(asked, "post")
    assert error is None
    assert message.post
    return text, message.post


@pytest.fixture(scope="module")
def in_data(renderer: Renderer) -> Posts:
    return [rendered(renderer, text, laced(text)) for text in INJECTIONS]


@pytest.fixture(scope="module")
def elsewhere(renderer: Renderer) -> Posts:
    return [rendered(renderer, text, case) for text in BASE for case in laced_otherwise(text)]


@pytest.fixture(scope="module")
def in_a_link(renderer: Renderer) -> Posts:
    return [rendered(renderer, text, single(source=replace(BRIEF, title=text))) for text in INJECTIONS]


@pytest.mark.parametrize("kind", [*CHATS, *TEXTS])
def test_nothing_in_data_is_live(kind: str, in_data: Posts) -> None:
    found = {text: live for text, post in in_data if (live := [*LIVE[kind](CHANNELS[kind].body(post), "none")])}
    assert found == {}
    assert len(in_data) >= 200


@pytest.mark.parametrize("kind", [*CHATS, *TEXTS])
def test_nothing_in_changes_answers_and_failures_is_live(kind: str, elsewhere: Posts) -> None:
    for text, post in elsewhere:
        assert [*LIVE[kind](CHANNELS[kind].body(post), SAFE)] == [], text


@pytest.mark.parametrize("kind", CHATS)
def test_the_words_of_a_link_are_data_too(kind: str, in_a_link: Posts) -> None:
    for text, post in in_a_link:
        body = CHANNELS[kind].body(post)
        assert [*LIVE[kind](body, SAFE)] == [], text
        assert SAFE.partition("?")[0] in str(body)


@pytest.mark.parametrize("kind", [*CHATS, *TEXTS])
def test_what_we_say_ourselves_is_not_taken_for_it(kind: str, renderer: Renderer) -> None:
    for name, case in CASES.items():
        if name not in LINKED:
            assert [*LIVE[kind](body_of(kind, renderer, case), SAFE)] == [], name


@pytest.mark.parametrize("kind", [*CHATS, *TEXTS])
def test_links_to_answer_are_the_only_ones_then(kind: str, renderer: Renderer) -> None:
    for name, case in LINKED.items():
        bare = replace(case, contexts=tuple(replace(one, source=None) for one in case.contexts))
        body = re.sub(r"(https://alerts\.example\.org/a)/\w+", r"\1", json.dumps(body_of(kind, renderer, bare)))
        assert [*LIVE[kind](json.loads(body), "https://alerts.example.org/a")] == [], name


BAD = {
    "slack": {"text": "x", "blocks": [{"text": {"text": "<!here>"}}]},
    "discord": {"allowed_mentions": {}, "embeds": [{"description": "[x](https://evil.example) @here"}]},
    "mattermost": {"attachments": [{"fallback": "@all", "title": "#x", "text": "www.evil.example"}]},
    "googlechat": {
        "fallbackText": "<users/all>",
        "cardsV2": [
            {
                "card": {
                    "header": {"title": "x"},
                    "sections": [{"widgets": [{"textParagraph": {"text": "<img src=x>"}}]}],
                }
            }
        ],
    },
    "teams": {"type": "message", "url": "https://evil.example"},
}


@pytest.mark.parametrize("kind", CHATS)
def test_what_is_live_is_found(kind: str) -> None:
    assert [*LIVE[kind](BAD[kind], SAFE)]
