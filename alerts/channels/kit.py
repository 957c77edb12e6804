"""What a channel of another distribution is built from; CONTRIBUTING.md has an example. These names are stable.

A class that implements `Channel` is registered as an entry point in the group `alerts.channels`, under the name of its
`kind`. The configuration can then name it like any other. The short way: derive from `Chat` and write only the body.
"""

from __future__ import annotations

from alerts.channels.transport.channel_settings import CommonSettings as SettingsBase
from alerts.channels.transport.chat import Chat, ChatSettings
from alerts.channels.transport.http import Poster, Url
from alerts.channels.transport.http_answers import Verdict, json_of
from alerts.channels.transport.markup import Markup
from alerts.core.deliveries import DeliveryError
from alerts.core.messages import Message, Outgoing
from alerts.core.posts import Line, Post, Run, Section, shortened, text_of
from alerts.core.sending_rates import Rate

__all__ = [
    "Chat", "ChatSettings", "DeliveryError", "Line", "Markup", "Message", "Outgoing", "Post", "Poster", "Rate",
    "Run", "Section", "SettingsBase", "Url", "Verdict", "json_of", "shortened", "text_of", "words_of",
]  # fmt: skip

words_of = text_of  # the old name, for one release
