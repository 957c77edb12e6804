"""Notifications on standard output."""

import io
import os

import pytest

from alerts import channels
from alerts.channels.console import framed
from alerts.core.deliveries import DeliveryError


@pytest.fixture
def channel():
    return channels.build("log", "console", {})


def test_the_text_stands_between_rules(channel, outgoing, capsys):
    assert channel.send(outgoing()) == "printed"
    first, text, last = capsys.readouterr().out.splitlines()
    assert first.startswith("Due Fri 7 Nov 2025: truce text ──")
    assert text == "It is due."
    assert set(last) == {"─"}


def test_a_log_keeps_long_lines_whole(channel, outgoing, capsys):
    channel.send(outgoing(text="word " * 100))
    assert ("word " * 100).strip() in capsys.readouterr().out


def test_a_terminal_gets_a_panel(outgoing):
    page = framed(outgoing().message, terminal=True)
    assert page.startswith("╭─ Due Fri 7 Nov 2025: truce text ─")
    assert "│ It is due." in page


def test_markup_in_the_data_is_only_text(channel, outgoing, capsys):
    channel.send(outgoing(subject="[bold]x[/bold]", text="[red]due[/red] :warning: [link=http://x]y[/link]"))
    out = capsys.readouterr().out
    assert "[bold]x[/bold]" in out
    assert "[red]due[/red] :warning: [link=http://x]y[/link]" in out


def test_control_characters_are_stripped(channel, outgoing, capsys):
    channel.send(outgoing(subject="a\x1b]0;owned\x07b\nc", text="one\x1b[2Jtwo\r\nthree\x9b1m\tfour\x00"))
    out = capsys.readouterr().out
    assert out.isprintable() or set(out) - {"\n"} <= {c for c in out if c.isprintable()}
    assert "one[2Jtwo\nthree1m" in out


def test_a_terminal_that_knows_only_ascii_is_no_reason_to_fail(channel, outgoing, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    channel.send(outgoing(text="Frist läuft ab"))
    assert b"Frist l?uft ab" in raw.getvalue()


def test_a_reader_that_has_gone_is_an_error(channel, outgoing, monkeypatch):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as stream:  # noqa: PTH123 # a descriptor, not a path
        monkeypatch.setattr("sys.stdout", stream)
        with pytest.raises(DeliveryError, match=r"^standard output: Broken pipe$") as caught:
            channel.send(outgoing())
        assert caught.value.channel_out
        os.dup2(os.open(os.devnull, os.O_WRONLY), writer)  # so that what is buffered can be let go


@pytest.mark.parametrize("stream", [io.StringIO(), None])  # None where the process was started with it closed
def test_a_closed_standard_output_is_an_error(channel, outgoing, monkeypatch, stream):
    if stream is not None:
        stream.close()
    monkeypatch.setattr("sys.stdout", stream)
    with pytest.raises(DeliveryError, match=r"^standard output is closed$") as caught:
        channel.send(outgoing())
    assert caught.value.channel_out
