"""Settings become channels; mistakes become lines that show no value."""

from datetime import timedelta

import pytest

from alerts import channels
from alerts.core.sending_rates import EXPECTED
from alerts.deadlines.errors import InputError

EMAIL = {"from": "alerts@example.org", "to": ["desk@example.org"], "smtp": {"host": "mail.example.org"}}
ZONE = "unknown time zone 'America/NewYork': expected an IANA name such as America/New_York"
TOPIC = "expected the topic at the end of it, such as https://ntfy.example.org/my-topic"
OFF = "expected a URL such as https://lists.example.org/off?who={recipient}"
HTTPS = "https://lists.example.org/s3cret"
URL = "https://hooks.example.org/services/s3cret"
LIMITLESS = "`burst` goes with a `rate`, such as `rate: 1/s`; without one nothing is limited"


def complaint(kind, options, where=lambda _: ""):
    with pytest.raises(InputError) as caught:
        channels.build("desk", kind, options, where)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or not caught.value.__context__
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "options", "medium", "local", "connections", "recipients"),
    [
        ("apprise", {"url": "json://localhost/s3cret"}, "post", False, 1, ("",)),
        ("console", {}, "text", True, 1, ("",)),
        ("discord", {"url": URL}, "post", False, 1, ("",)),
        ("email", EMAIL | {"to": ["Desk <desk@x>", "me@x"]}, "mail", False, 2, ("desk@x", "me@x")),
        ("maildir", {"path": "var/mail", "to": ["you@localhost"]}, "mail", True, 1, ("you@localhost",)),
        ("googlechat", {"url": URL}, "post", False, 1, ("",)),
        ("mattermost", {"url": URL}, "post", False, 1, ("",)),
        ("ntfy", {"url": "https://ntfy.example.org/s3cret", "token": "tk_s3cret"}, "post", False, 1, ("",)),
        ("pagerduty", {"routing_key": "s3cret" + "0" * 26}, "post", False, 1, ("",)),
        ("slack", {"url": URL}, "post", False, 1, ("",)),
        ("teams", {"url": URL}, "post", False, 1, ("",)),
        ("webhook", {"url": URL}, "json", False, 4, ("",)),
    ],
)
def test_each_kind_says_what_it_needs(*, kind, options, medium, local, connections, recipients):
    channel = channels.build("desk", kind, options | {"timezone": "Asia/Shanghai"})
    assert (channel.name, channel.kind, channel.timezone) == ("desk", kind, "Asia/Shanghai")
    assert (channel.medium, channel.local, channel.connections) == (medium, local, connections)
    assert channel.recipients == recipients
    assert channel.timeout == timedelta(seconds=30)
    assert "s3cret" not in repr(vars(channel))
    channel.close()


def test_every_kind_is_tried_above():
    kinds = "apprise console discord email googlechat maildir mattermost ntfy pagerduty slack teams webhook"
    assert " ".join(channels.KINDS) == kinds


@pytest.mark.parametrize(
    ("kind", "options", "line"),
    [
        ("emial", {}, "kind: unknown kind `emial`; did you mean 'email'?"),
        ("x", {}, "kind: unknown kind `x`; known: " + ", ".join(channels.KINDS)),
        ("slack", {}, "url: is missing"),
        ("slack", {"url": "ftp://s3cret"}, "url: expected a URL that starts with https:// or http://"),
        ("slack", {"url": URL + "\n"}, "url: expected a URL that starts with https:// or http://"),
        ("slack", {"url": "http://x:s3cret/"}, "url: expected a URL that starts with https:// or http://"),
        ("slack", {"url": URL, "ulr": "s3cret"}, "ulr: unknown key; did you mean 'url'?"),
        ("ntfy", {"url": "https://ntfy.example.org/"}, f"url: {TOPIC}"),
        ("ntfy", {"url": "https://ntfy.example.org/s3cret?up=1"}, f"url: {TOPIC}"),
        (
            "ntfy",
            {"url": "https://ntfy.example.org/s3cret", "token": "s3 cret"},
            "token: expected ASCII without spaces",
        ),
        ("pagerduty", {}, "routing_key: is missing"),
        (
            "pagerduty",
            {"routing_key": "s3cret"},
            "routing_key: expected the 32 letters and digits of an integration's key",
        ),
        ("webhook", {"url": URL, "secret": "s3cret"}, "secret: expected whsec_ followed by the key in base64"),
        ("webhook", {"url": URL, "secret": []}, "secret: expected whsec_ followed by the key in base64"),
        (
            "webhook",
            {"url": URL, "secret": ["whsec_AAAA", "s3cret"]},
            "secret: expected whsec_ followed by the key in base64",
        ),
        ("webhook", {"url": URL, "secret": "whsec_"}, "secret: expected whsec_ followed by the key in base64"),
        (
            "webhook",
            {"url": URL, "headers": {"X": "s3cret\r\nY: z"}},
            "headers: a header's value must be one line of ASCII",
        ),
        (
            "webhook",
            {"url": URL, "headers": {"Webhook-Id": "1"}},
            "headers: a header's name is no token, or is one that is set for you",
        ),
        (
            "console",
            {"timezone": "America/NewYork"},
            f"timezone: {ZONE}; did you mean 'America/New_York'?",
        ),
        ("console", {"timeout": 0}, "timeout: expected greater than 0, found `0`"),
        ("console", {"timeout": True}, "timeout: expected a number"),
        *(("slack", {"url": URL, "rate": rate}, f"rate: {EXPECTED}") for rate in ("s3cret", "1/day", "0/s", 5, 0.5)),
        *(
            ("slack", {"url": URL, name: value}, f"{name}: expected a whole number from 1 to {most}")
            for name, most in (("burst", 1000), ("connections", 50))
            for value in (0, -1, most + 1, 1.5, True, "s3cret", [])
        ),
        (
            "pagerduty",
            {"routing_key": "s3cret" + "0" * 26, "connections": 2},
            "connections: expected 1: the end of a commitment must not overtake what opens its incident",
        ),
        ("email", EMAIL | {"to": []}, "to: needs at least one entry"),
        ("email", EMAIL | {"to": "desk@example.org"}, "to: expected a list"),
        (
            "email",
            EMAIL | {"to": ["a@x", "b@x, c@x"]},
            "to.1: expected exactly one mail address, found 2: one entry each",
        ),
        ("email", EMAIL | {"to": ["a@x", "A <a@x>"]}, "to: an address is named twice"),
        (
            "email",
            EMAIL | {"from": "a@x\r\nBcc: b@x"},
            "from: a mail address must not hold line breaks or control characters",
        ),
        ("email", EMAIL | {"smtp": {"host": "x", "port": "s3cret"}}, "smtp.port: expected an integer"),
        (
            "email",
            EMAIL | {"smtp": {"host": "x", "security": "s3cret"}},
            "smtp.security: expected 'none', 'starttls' or 'tls'",
        ),
        ("email", EMAIL | {"smtp": {"host": "x", "prot": 1}}, "smtp.prot: unknown key; did you mean 'port'?"),
        ("email", EMAIL | {"smtp": {"host": "x", "username": "me"}}, "smtp: a username and a password go together"),
        (
            "email",
            EMAIL | {"smtp": {"host": "x", "username": "me", "password": "s3cret", "security": "none"}},
            "smtp: a password is never sent in the clear: set security to starttls or tls",
        ),
        *(
            ("email", EMAIL | {"unsubscribe": url}, f"unsubscribe: {OFF}")
            for url in (
                "http://lists.example.org/s3cret",
                "mailto:s3cret@example.org",
                "https:///s3cret",
                "https://me:s3cret@lists.example.org/",
                "https://lists.example.org:s3cret/",
                "https://[s3cret/",
                "https://lists.example.org/s3cret off",
                "https://lists.example.org/s3cret>, <https://eve.example.org/",
                "https://lists.example.org/s3cret\r\nBcc: eve@example.org",
                "https://lists.example.org/ü",
                "https://lists.example.org/{who}",
                "",
            )
        ),
        *(
            (
                "email",
                EMAIL | {"unsubscribe": url},
                "unsubscribe: too long for one line of a mail: at most 978 characters",
            )
            for url in (HTTPS + "x" * (979 - len(HTTPS)), HTTPS + "x" * 935 + "{recipient}")
        ),
        ("email", EMAIL | {"unsubscribe": 7}, "unsubscribe: expected text, found `7`"),
        (
            "email",
            EMAIL | {"smtp": {"host": "x", "ca": __file__}},
            "smtp.ca: expected a readable file of PEM certificates",
        ),
    ],
)
def test_a_mistake_is_one_clear_line(kind, options, line):
    assert complaint(kind, options) == f"channels.desk.{line}"


@pytest.mark.parametrize(
    ("kind", "options", "line"),
    [
        ("email", EMAIL | {"burst": 3}, LIMITLESS),
        ("slack", {"url": URL, "rate": "none", "burst": 3}, LIMITLESS),
        (
            "webhook",
            {"url": URL, "events": ["all"], "connections": 2},
            "`connections`: a channel with `events` has one, which keeps their order",
        ),
    ],
)
def test_limits_that_contradict_the_rest_are_refused(kind, options, line):
    assert complaint(kind, options) == f"channels.desk: {line}"


def test_all_mistakes_are_told_at_once_with_their_places():
    options = {"from": "s3cret", "smtp": {"port": "s3cret"}, "colour": 1}
    places = {("from",): "alerts.yaml:3: ", ("smtp", "port"): "alerts.yaml:5: "}
    lines = complaint("email", options, lambda path: places.get(path, "alerts.yaml:1: ")).splitlines()
    assert sorted(line.partition(": ")[0] for line in lines) == [
        *["alerts.yaml:1"] * 3,
        "alerts.yaml:3",
        "alerts.yaml:5",
    ]
    assert "alerts.yaml:1: channels.desk.smtp.host: is missing" in lines
    assert "alerts.yaml:5: channels.desk.smtp.port: expected an integer" in lines


def test_numbers_from_the_environment_are_read():
    channel = channels.build("desk", "email", EMAIL | {"timeout": "2.5", "smtp": {"host": "x", "port": "2525"}})
    assert channel.timeout == timedelta(seconds=2.5)


@pytest.mark.parametrize(
    ("kind", "options", "stated", "limits"),
    [
        ("slack", {}, {}, ("1/s", 1, 1)),
        ("googlechat", {}, {}, ("1/s", 1, 1)),
        ("teams", {}, {}, ("4/s", 1, 1)),
        ("ntfy", {}, {}, ("12/min", 60, 1)),
        ("pagerduty", {"routing_key": "s3cret" + "0" * 26}, {}, ("120/min", 1, 1)),
        ("discord", {}, {}, ("None", 1, 1)),
        ("mattermost", {}, {}, ("None", 1, 1)),
        ("webhook", {}, {}, ("None", 1, 4)),
        ("slack", {}, {"burst": 5}, ("1/s", 5, 1)),
        ("slack", {}, {"rate": "30/min", "connections": 2}, ("30/min", 1, 2)),
        ("ntfy", {}, {"rate": "100/h"}, ("100/h", 1, 1)),
        ("ntfy", {}, {"rate": "none"}, ("None", 1, 1)),
        ("webhook", {}, {"rate": "100/h", "burst": "10", "connections": "8"}, ("100/h", 10, 8)),
    ],
)
def test_a_channel_is_limited_as_stated_or_else_as_its_service_documents(*, kind, options, stated, limits):
    channel = channels.build("desk", kind, {"url": URL} | options | stated)
    assert (str(channel.rate), channel.burst, channel.connections) == limits
    channel.close()
