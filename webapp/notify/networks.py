"""Tells public addresses from all others, whatever notation or tunnel hides them."""

import ipaddress
from ipaddress import IPv4Address, IPv6Address, IPv6Network

PUBLIC_V6 = IPv6Network("2000::/3")  # all that is routed as unicast (RFC 4291, IANA)
NAT64 = IPv6Network("64:ff9b::/96")  # leads to the IPv4 address in its last 32 bits (RFC 6052)
SIX_TO_FOUR_RELAYS = ipaddress.IPv4Network("192.88.99.0/24")  # RFC 7526: not used any more
# Inside of 2000::/3, but of no public host: documentation (RFC 9637), which older versions of Python do not know.
NOT_PUBLIC_V6 = (IPv6Network("3fff::/20"), IPv6Network("2001::/23"), IPv6Network("2001:db8::/32"))
ISATAP = (b"\0\0\x5e\xfe", b"\x02\0\x5e\xfe")  # begins an interface id that ends with an IPv4 address (RFC 5214)


def is_internal(address: str) -> bool:
    """Returns True for anything but a public address; what is no address at all counts as internal."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    return _is_internal_v4(found) if isinstance(found, IPv4Address) else _is_internal_v6(found)


def _is_internal_v4(address: IPv4Address) -> bool:
    return not address.is_global or address.is_multicast or address.is_reserved or address in SIX_TO_FOUR_RELAYS


def _is_internal_v6(address: IPv6Address) -> bool:
    """Returns True if it, or the IPv4 address that it leads to, is internal.

    All others outside of 2000::/3 are internal: fec0::/10, ::a.b.c.d, 64:ff9b:1::/48 (RFC 8215), fc00::/7, fe80::/10.
    """
    last = IPv4Address(address.packed[12:])
    if address in NAT64:
        return _is_internal_v4(last)
    if address.ipv4_mapped is not None:
        return _is_internal_v4(address.ipv4_mapped)
    if address not in PUBLIC_V6 or not address.is_global or any(address in one for one in NOT_PUBLIC_V6):
        return True
    if address.sixtofour is not None and _is_internal_v4(address.sixtofour):
        return True
    return address.packed[8:12] in ISATAP and _is_internal_v4(last)
