"""Mails in a folder."""

import mailbox

import pytest

from alerts import channels
from alerts.core.deliveries import DeliveryError


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "var" / "mail"


@pytest.fixture
def channel(folder):
    return channels.build("maildir", "maildir", {"path": str(folder), "to": ["you@localhost"]})


def test_a_mail_is_there_for_any_reader_of_maildirs(channel, folder, outgoing):
    name = channel.send(outgoing("you@localhost", html="<p>It is due.</p>"))
    (mail,) = mailbox.Maildir(folder, create=False)
    assert mail["To"] == "you@localhost"
    assert mail["From"] == "alerts@localhost"
    assert (folder / "new" / name).read_bytes().count(b"\r") == 0
    assert not list((folder / "tmp").iterdir())


def test_a_repeat_leaves_one_file_untouched(channel, folder, outgoing):
    name = channel.send(outgoing("you@localhost"))
    (folder / "new" / name).write_text("as it was")
    assert channel.send(outgoing("you@localhost")) == name
    assert [file.read_text() for file in (folder / "new").iterdir()] == ["as it was"]


def test_a_repeat_of_a_mail_that_was_read_puts_no_second_one_there(channel, folder, outgoing):
    name = channel.send(outgoing("you@localhost"))
    (folder / "new" / name).rename(folder / "cur" / f"{name}:2,S")
    channel.send(outgoing("you@localhost"))
    assert len(mailbox.Maildir(folder, create=False)) == 1


def test_what_a_crash_left_behind_is_written_over(channel, folder, outgoing):
    (folder / "tmp").mkdir(parents=True)
    (folder / "tmp" / f"{outgoing().id}.alerts").write_text("half a ma")
    channel.send(outgoing("you@localhost"))
    assert "It is due." in next((folder / "new").iterdir()).read_text()
    assert not list((folder / "tmp").iterdir())


def test_a_disk_that_refuses_is_tried_again(channel, folder, outgoing):
    folder.parent.mkdir()
    folder.write_text("not a folder")
    with pytest.raises(DeliveryError, match=r"^maildir: (Not a directory|File exists)$") as caught:
        channel.send(outgoing("you@localhost"))
    assert caught.value.channel_out
    assert not caught.value.permanent
