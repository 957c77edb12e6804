"""How a send ends, in a word, and that it ends in time."""

from alerts.core.deliveries import DeliveryError
from tests.patience import ends_within

# sent; again: this message or recipient; dead: never for this one; out: the channel, and again; off: it for good;
# slow: again, and the channel more slowly
_ENDS = {(False, False): "again", (True, False): "dead", (False, True): "out", (True, True): "off"}
GRACE = 1.5  # seconds beyond its time limit


def ending(channel, message) -> tuple[str, str]:
    """Send, and return how that ends and what is said of it; no secret, on one line, by the deadline."""
    with ends_within(channel.timeout.total_seconds() + GRACE):
        try:
            end, words = "sent", channel.send(message)
        except DeliveryError as error:
            end, words = _ENDS[error.permanent, error.channel_out], str(error)
            if error.slow_down:
                assert end == "again"
                end = "slow"
    assert words.isprintable()
    assert "s3cret" not in words
    return end, words
