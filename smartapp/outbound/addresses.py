"""Which addresses may be asked: exact origins, safe schemes, and no way inside (SEC-10 to SEC-12)."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_CARRYING = (ipaddress.IPv6Network("::/96"), ipaddress.IPv6Network("64:ff9b::/96"))
_SITE_LOCAL = ipaddress.IPv6Network("fec0::/10")  # given up, and still routed inside some houses
_OWN_V6 = frozenset({ipaddress.IPv6Address("::"), ipaddress.IPv6Address("::1")})


class OutboundError(Exception):
    """A request that was not made or not answered as it must be; the message is a sentence without secrets.

    - `NotAllowed`: the address is not one we may ask
    - `NoAnswer`: no connection, a time-out, an answer that broke off: whether the server acted is unknown
      - `TooLate`: a time-out: it may still be acting
    - `Redirected`: the server sent us elsewhere
    - `TooLarge`: the answer exceeded the cap
    """


class NotAllowed(OutboundError):
    """The address is not one we may ask."""


class AddressRefused(OSError):
    """The name resolves to an address that may not be asked; nothing was sent. The message is a sentence's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What may be asked: exact origins; plain http only where `insecure` holds (loopback in development); hosts that may
    resolve to private addresses.

    `ca_file` holds certificates that are trusted beside the public ones. Through a `proxy` (its http address) names are
    resolved by it, so that the checks hold for names as configured and not for addresses.
    """

    origins: frozenset[str]
    insecure: bool = False
    private_hosts: frozenset[str] = field(default_factory=frozenset)
    ca_file: Path | None = None
    proxy: str = ""


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, normalised; `NotAllowed` for what is no plain http(s) URL (SEC-12)."""
    if not url.isascii() or any(ord(char) <= 32 or char == "\\" for char in url):
        raise NotAllowed("the address has characters that a URL may not have")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotAllowed("the address is not a URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotAllowed("the address is not an http or https URL")
    if parts.username is not None or parts.password is not None:
        raise NotAllowed("the address carries user information")
    default = 443 if parts.scheme == "https" else 80
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != default else "")


def check_url(url: str, allowed: Allowed) -> None:
    """`NotAllowed` unless the URL's origin is on the list and its scheme is safe."""
    origin = origin_of(url)
    if origin not in allowed.origins:
        raise NotAllowed("the address is not one of the registered servers")
    if origin.startswith("http://") and not (allowed.insecure and _is_loopback_host(urlsplit(url).hostname or "")):
        raise NotAllowed("the address is not https")


def check_address(host: str, address: str, allowed: Allowed) -> None:
    """`AddressRefused` for an address inside (loopback, private, link-local …) unless the operator listed that host (SEC-11)."""
    ip = _meant(ipaddress.ip_address(address.split("%", maxsplit=1)[0]))
    if ip.is_global and not (ip.is_multicast or ip in _SITE_LOCAL):
        return
    if host in allowed.private_hosts and not (ip.is_multicast or ip.is_unspecified or ip.is_link_local):
        return
    inside = ip.is_private and not (ip.is_multicast or ip.is_unspecified or ip.is_link_local)
    cure = f": it is private, and asked only with allow_private_address = true for {host}" if inside else ""
    raise AddressRefused(f"the name resolves to an address that is not allowed{cure}; nothing was sent")


def _meant(ip: Address) -> Address:
    """The IPv4 address that an IPv6 one carries to a gateway or a translator: mapped, compatible, 6to4, NAT64."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    carried = ip.ipv4_mapped or ip.sixtofour
    if carried is not None:
        return carried
    if any(ip in network for network in _CARRYING) and ip not in _OWN_V6:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _is_loopback_host(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
