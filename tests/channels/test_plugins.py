"""Kinds that other distributions bring: found by entry points, and what may be wrong with them is one line."""

import json
import re
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from alerts import channels
from alerts.channels import kit, plugins
from alerts.core.posts import Post, plain_sections
from alerts.deadlines.errors import InputError
from tests.channels.endings import ending

CONTRIBUTING = Path(__file__).parents[2] / "CONTRIBUTING.md"


@pytest.fixture
def bring(tmp_path, monkeypatch):
    """Install a distribution that registers kinds, its module written as given."""

    def install(points: dict[str, str], module: str = "", name: str = "alerts-bulletin") -> None:
        package = name.replace("-", "_")
        (tmp_path / f"{package}.py").write_text(module)
        metadata = tmp_path / f"{package}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [f"{kind} = {value}" for kind, value in points.items()]
        (metadata / "entry_points.txt").write_text("\n".join(["[alerts.channels]", *lines]) + "\n")
        monkeypatch.delitem(sys.modules, package, raising=False)

    monkeypatch.syspath_prepend(tmp_path)
    return install


def documented(language: str) -> str:
    [block] = re.findall(rf"```{language}\n(.*?)```", CONTRIBUTING.read_text(), re.DOTALL)
    return block


def test_the_documented_channel_works_as_it_stands(bring, httpserver, outgoing):
    points = tomllib.loads(documented("toml"))["project"]["entry-points"]["alerts.channels"]
    bring(points, documented("python"))
    httpserver.expect_request("/s3cret", method="POST").respond_with_data("ok", 200)
    channel = channels.build("board", "bulletin", {"url": httpserver.url_for("/s3cret"), "timeout": 5})
    body = channel.body(Post(title="Due today", sections=plain_sections("It is due.\n\nalerts ack truce")))
    assert ending(channel, outgoing(body=body)) == ("sent", "HTTP 200")
    channel.close()
    (request, _), *_ = httpserver.log
    assert json.loads(request.data) == {"text": "Due today\n\nIt is due.\n\nalerts ack truce"}
    assert not channels.is_local("bulletin")
    assert len(documented("python").splitlines()) <= 20


CHANNEL = documented("python")
BROUGHT = "alerts_bulletin:Bulletin of alerts-bulletin"


@pytest.mark.parametrize(
    ("points", "module", "line"),
    [
        (
            {"bulletin": "alerts_bulletin:Bulletin"},
            "import no_such_module",
            f"{BROUGHT} cannot be imported: ModuleNotFoundError: No module named 'no_such_module'",
        ),
        (
            {"bulletin": "alerts_bulletin:Bulletin"},
            "raise RuntimeError('one\\ntwo')",
            f"{BROUGHT} cannot be imported: RuntimeError: one two",
        ),
        (
            {"bulletin": "alerts_bulletin:Bulletin"},
            "Bulletin = 1",
            f"{BROUGHT} is not a channel: it has no {', '.join(plugins._REQUIRED)}",
        ),
        (
            {"bulletin": "alerts_bulletin:Bulletin"},
            CHANNEL.replace('"bulletin"', '"board"'),
            f"{BROUGHT} is registered as bulletin, but its kind is 'board'",
        ),
        ({"buletin": "alerts_bulletin:Bulletin"}, CHANNEL, "unknown kind `bulletin`; did you mean 'buletin'?"),
    ],
)
def test_one_that_cannot_be_used_is_one_clear_line(bring, points, module, line):
    bring(points, module)
    with pytest.raises(InputError) as caught:
        channels.build("board", "bulletin", {"url": "http://127.0.0.1:9/"}, lambda _: "alerts.yaml:3: ")
    assert str(caught.value) == f"alerts.yaml:3: channels.board.kind: {line}"
    assert not channels.is_local("bulletin")


OLD_NAMES = CHANNEL.replace('    kind = "bulletin"', '    kind = "bulletin"\n    form = "json"\n    singly = True')


def test_one_with_the_old_names_works_for_a_release_and_is_named(bring):
    bring({"bulletin": "alerts_bulletin:Bulletin"}, OLD_NAMES)
    channel = channels.build("board", "bulletin", {"url": "http://127.0.0.1:9/"})
    assert (channel.medium, channel.one_at_a_time) == ("json", True)
    assert channels.takes_one_at_a_time("bulletin")
    for _ in range(2):
        assert plugins.outdated_names("bulletin") == [
            f"{BROUGHT}: `{old}` is now `{new}`; the old name works until the next release"
            for old, new in (("form", "medium"), ("singly", "one_at_a_time"))
        ]


def test_one_with_the_new_names_is_not_warned_of(bring):
    bring({"bulletin": "alerts_bulletin:Bulletin"}, CHANNEL)
    assert plugins.outdated_names("bulletin") == plugins.outdated_names("slack") == []


def test_the_kit_keeps_an_old_name_for_a_release():
    assert kit.words_of is kit.text_of


def test_two_distributions_of_one_kind_are_refused(bring):
    bring({"bulletin": "alerts_bulletin:Bulletin"}, CHANNEL)
    bring({"bulletin": "alerts_other:Bulletin"}, CHANNEL, name="alerts-other")
    with pytest.raises(
        InputError, match=r"^channels.board.kind: two distributions have this kind; uninstall one of them: "
    ):
        channels.build("board", "bulletin", {})


def test_a_kind_of_ours_cannot_be_replaced(bring):
    bring({"slack": "alerts_bulletin:Bulletin", "console": "alerts_bulletin:Bulletin"}, "import no_such_module")
    assert channels.build("chat", "slack", {"url": "http://127.0.0.1:9/"}).kind == "slack"
    assert channels.is_local("console")


def test_nobody_looks_for_others_while_ours_are_enough(monkeypatch):
    asked = []
    monkeypatch.setattr(plugins, "entry_points", lambda **_: asked.append(_) or entry_points(**_))
    channels.build("chat", "slack", {"url": "http://127.0.0.1:9/"})
    channels.is_local("console")
    assert not asked
    assert not channels.is_local("no-such-kind")
    assert asked
