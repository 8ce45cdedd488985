"""Which addresses our own server may call: none of its machine or network but the one at which a pull waits to be woken.

Label Studio refuses to call private and reserved addresses, loopback among them, be it for a webhook, an import by URL or a
storage. It can be told to refuse none, or to refuse others, but not to tell webhooks from the rest: so it is given its own list,
less one address. On Linux that is one of loopback that nothing but a waiting pull has for its own. What opens up with it: who may
log in can have the server fetch from programs of this machine that listen on every address, yet not from those that listen on
127.0.0.1, nor from other machines of the network. Elsewhere it is 127.0.0.1 itself, and every program that listens there.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, ip_address, ip_network

WAKE_HOST = "127.70.83.1" if sys.platform == "linux" else "127.0.0.1"
"""Where a pull waits to be woken. Other systems have no more of loopback than 127.0.0.1."""
RESERVED = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
    "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "233.252.0.0/24",
    "240.0.0.0/4", "255.255.255.255/32", "::/128", "::1/128", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96",
    "64:ff9b:1::/48", "100::/64", "2001:0000::/32", "2001:20::/28", "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10",
    "ff00::/8",
)  # fmt: skip
"""What Label Studio 1.23.2 refuses by itself (core/utils/io.py)."""
# The server takes each by this name before the one without the prefix.
_OWN_LIST, _LIST = "LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS", "LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS"


def egress(host: str, env: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of a server that listens at `host`; none where others can reach it, or its user has set them."""
    if _OWN_LIST in env or _LIST in env or not _loopback(host):
        return {}
    return {_OWN_LIST: "false", _LIST: ",".join(refused())}


def refused() -> Iterator[str]:
    """Yield the networks that our server does not call."""
    ours = IPv4Network(WAKE_HOST)
    for one in map(ip_network, RESERVED):
        if isinstance(one, IPv4Network) and ours.subnet_of(one):
            yield from map(str, sorted(one.address_exclude(ours)))
        else:
            yield str(one)


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
