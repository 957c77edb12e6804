"""How many entries a digest or a summary lists: as many as a mail program shows in one mail, the most urgent first."""

from __future__ import annotations

from collections.abc import Callable

LARGEST = 90_000  # octets of HTML, and of text: Gmail hides what comes after 102 KB behind a link
FULL = 0.9  # of that is enough: the search ends here
TRIES = 6  # to find how many fit; each try renders the whole message
Pieces = tuple[str, ...]


def fit(render: Callable[[int], Pieces], most: int) -> Pieces:
    """Render with as many entries as there is room for, `most` at most and one at least.

    Entries are of any size, so what they take up is found by trying: first all, then none, then between the two.
    """
    pieces = render(most)
    if (too_large := _size(pieces)) <= LARGEST or most <= 1:
        return pieces
    fits, listed, listed_size, too_many = None, 0, _size(render(0)), most
    for _ in range(TRIES):
        if too_many - listed <= 1:
            break
        share = (LARGEST * (1 + FULL) / 2 - listed_size) / (too_large - listed_size)
        room = min(max(listed + int(share * (too_many - listed)), listed + 1), too_many - 1)
        pieces = render(room)
        size = _size(pieces)
        if size > LARGEST:
            too_many, too_large = room, size
        else:
            fits, listed, listed_size = pieces, room, size
            if size >= FULL * LARGEST:
                break
    return render(1) if fits is None else fits


def _size(pieces: Pieces) -> int:
    return max(len(piece.encode(errors="replace")) for piece in pieces)
