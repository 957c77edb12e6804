"""The pictures of the documentation: how they are made small, and that they are there."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import pytest

from pages.images import AT_MOST, FOLDER, INTAKE_LOOKS, LOOKS, PAGE_LOOKS, SHOWN, SITE_LOOKS, mails
from pages.png import SIGNATURE, smaller

ROOT = Path(__file__).parents[2]
RED, WHITE, INK = b"\xff\0\0", b"\xff\xff\xff", b"\x10\x20\x30"


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(*rows: bytes, width: int, kind: int = 2) -> bytes:
    data = zlib.compress(b"".join(rows))
    header = struct.pack(">IIBBBBB", width, len(rows), 8, kind, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def pixels(picture: bytes) -> list[list[bytes]]:
    """What a picture with a palette shows."""
    found, at = dict[bytes, bytes](), len(SIGNATURE)
    while at < len(picture):
        length, name = struct.unpack(">I4s", picture[at : at + 8])
        found[name] = picture[at + 8 : at + 8 + length]
        at += length + 12
    width, height = struct.unpack(">II", found[b"IHDR"][:8])
    data = zlib.decompress(found[b"IDAT"])
    rows = [data[row * (width + 1) + 1 : (row + 1) * (width + 1)] for row in range(height)]
    return [[found[b"PLTE"][3 * number : 3 * number + 3] for number in row] for row in rows]


FILTERED = [
    ("as it is", b"\0" + WHITE + INK),
    ("from what is left", b"\1" + WHITE + bytes((b - a) & 255 for a, b in zip(WHITE, INK, strict=True))),
    ("from what is above", b"\2" + bytes(3) + bytes((b - a) & 255 for a, b in zip(RED, INK, strict=True))),
    ("from the mean", b"\3" + bytes((255 - 255 // 2) & 255 for _ in range(3)) + bytes(
        (ink - (255 + above) // 2) & 255 for ink, above in zip(INK, RED, strict=True))),
    ("from the nearest", b"\4" + bytes(3) + bytes(
        (ink - above) & 255 for ink, above in zip(INK, RED, strict=True))),
]  # fmt: skip


@pytest.mark.parametrize(("how", "row"), FILTERED)
def test_a_picture_made_smaller_shows_the_same(how: str, row: bytes) -> None:
    taken = png(b"\0" + WHITE + RED, row, width=2)
    assert pixels(smaller(taken)) == [[WHITE, RED], [WHITE, INK]]


def test_colours_beyond_256_become_the_nearest() -> None:
    many = [bytes((n % 256, n // 256, 0)) for n in range(300)]
    shown = pixels(smaller(png(b"\0" + b"".join(many), width=300)))[0]
    assert len(set(shown)) == 256
    assert max(abs(a - b) for one, other in zip(many, shown, strict=True) for a, b in zip(one, other, strict=True)) < 45


def test_what_is_no_picture_of_colours_is_refused() -> None:
    with pytest.raises(ValueError, match="kind 0"):
        smaller(png(b"\0\0", width=1, kind=0))


def test_there_is_a_small_picture_of_every_mail_in_every_look() -> None:
    names = {f"{name}{evaluate}.png" for name in (*SHOWN, "summary") for evaluate in LOOKS}
    names |= {f"answer-page{look}.png" for look in PAGE_LOOKS} | {f"due-page{look}.png" for look in SITE_LOOKS}
    names |= {f"{name}{look}.png" for name in ("new-page", "import-page") for look in INTAKE_LOOKS}
    assert {path.name for path in FOLDER.iterdir()} == names
    assert all((FOLDER / name).stat().st_size <= AT_MOST for name in names)


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.name
)
def test_a_page_shows_pictures_that_there_are(page: Path) -> None:
    for source in re.findall(r'<img src="([^"]+)"', page.read_text(encoding="utf-8")):
        assert (page.parent / source).is_file()


def test_the_mails_of_the_pictures_are_the_same_each_time() -> None:
    found = mails()
    assert found == mails()
    assert all(day in found["digest"] for day in ("Thu 30 Oct<", "Mon 10 Nov<", "Fri 28 Nov – Sun 28 Dec<"))
