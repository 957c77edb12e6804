"""Makes pictures of pages smaller: a palette with at most 256 colors (PNG, RFC 2083)."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TRUE_COLOUR, PALETTE = 2, 3
Colour = tuple[int, int, int]


def smaller(png: bytes) -> bytes:
    """Return a picture with a palette. Colors beyond 256, on the edges of letters only, become the nearest."""
    chunks = dict(_chunks(png))
    width, height, depth, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    size = {TRUE_COLOUR: 3, 6: 4}.get(kind)
    if depth != 8 or size is None:
        raise ValueError(f"a picture of kind {kind} with {depth} bits a sample is not read here")
    rows = _unfiltered(zlib.decompress(chunks[b"IDAT"]), width * size, size)
    pixels = [[tuple(row[x : x + 3]) for x in range(0, len(row), size)] for row in rows]
    counted = Counter(colour for row in pixels for colour in row)
    palette = [colour for colour, _ in counted.most_common(256)]
    place = {colour: number for number, colour in enumerate(palette)}
    for colour in counted:
        if colour not in place:
            place[colour] = min(range(len(palette)), key=lambda number: _apart(colour, palette[number]))
    data = b"".join(b"\0" + bytes(place[colour] for colour in row) for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, PALETTE, 0, 0, 0)
    table = b"".join(bytes(colour) for colour in palette)
    parts = ((b"IHDR", header), (b"PLTE", table), (b"IDAT", zlib.compress(data, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(name, body) for name, body in parts)


def _apart(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, data = len(SIGNATURE), b""
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        data += body if name == b"IDAT" else b""
        yield name, data if name == b"IDAT" else body
        at += length + 12


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _unfiltered(data: bytes, length: int, size: int) -> Iterator[bytearray]:
    """Yield the original rows: PNG stores differences from the pixels to the left and above."""
    above = bytearray(length)
    for start in range(0, len(data), length + 1):
        how, row = data[start], bytearray(data[start + 1 : start + 1 + length])
        for at in range(length):
            left, up, corner = (row[at - size], above[at], above[at - size]) if at >= size else (0, above[at], 0)
            row[at] = (row[at] + (0, left, up, (left + up) // 2, _paeth(left, up, corner))[how]) & 255
        yield row
        above = row


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda near: abs(guess - near))
