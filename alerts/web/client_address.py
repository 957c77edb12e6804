"""Who asks, where a reverse proxy asks for them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers


def client_address(peer: str, headers: Headers, trusted: tuple[str, ...]) -> str:
    """Return the address of the client: the last in `X-Forwarded-For` that is no trusted proxy, where `peer` is one.

    What a client itself puts before that counts for nothing.
    """
    if not is_trusted(peer, trusted):
        return peer
    found = peer
    for stated in reversed(",".join(headers.getlist("x-forwarded-for")).split(",")):
        address = _address(stated.strip())
        if address is None:
            break
        found = address
        if not is_trusted(address, trusted):
            break
    return found


def is_trusted(address: str, trusted: Iterable[str]) -> bool:
    """Whether an address is that of a trusted proxy."""
    try:
        return any(ip_address(address) in network for network in _networks(tuple(trusted)))
    except ValueError:
        return False


@lru_cache(maxsize=8)
def _networks(trusted: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(one) for one in trusted]


def _address(text: str) -> str | None:
    """Return an address as it is usually written, without the port that some proxies add."""
    host = text[1:].partition("]")[0] if text.startswith("[") else text
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ip_address(host))
    except ValueError:
        return None
