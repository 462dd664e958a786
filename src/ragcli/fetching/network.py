"""Which machines are connected to: those of the public internet, at the very address checked.

The name is resolved here, once for each connection, every address in the answer is checked, and
the connection goes to one of those: a name that answers differently the second time (DNS
rebinding) gains nothing. TLS then checks the certificate for the name. No proxy is used: it would
resolve the name itself, and nothing would be left to check.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import httpcore

from ragcli.errors import Unreadable

Resolve = Callable[[str, int], Sequence[str]]

# A host that is up answers a handshake in far less.
CONNECT_TIMEOUT_S = 10.0
# Hosts have a handful; an answer of hundreds would only use up the time.
_ADDRESSES_TRIED = 4
_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")

# IANA's special-purpose registries (RFC 6890, of 2025-10-09) and multicast. A list of our own:
# that of Python's `ipaddress` differs between patch releases.
_REFUSED = {
    ipaddress.ip_network(network): noun
    for noun, networks in {
        "this machine": "0.0.0.0/8 127.0.0.0/8",
        "a private network": "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16",
        "a provider's own network": "100.64.0.0/10",
        "link-local": "169.254.0.0/16",
        "a broadcast or group address": "224.0.0.0/4 255.255.255.255/32",
        "a reserved address": "192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15"
        " 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4"
        # Protocol assignments (Teredo, ORCHID), documentation, 6to4: some hide an IPv4 address.
        " 2001::/23 2001:db8::/32 2002::/16 3fff::/20",
    }.items()
    for network in networks.split()
}
# All that is allocated to hosts of the public internet (RFC 4291; IANA has given out no other).
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# NAT64's own prefix (RFC 6052): on networks without IPv4 it is how an IPv4 host is reached.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def why_refused(address: str) -> str:
    """What kind of place an IP address is, when it is none of the public internet; else ``""``."""
    try:
        ip: Any = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "not an address"
    if ip.version == 6:
        inside = ip.ipv4_mapped
        if ip in _NAT64:
            inside = ipaddress.ip_address(int(ip) & 0xFFFFFFFF)
        if inside is not None:
            return why_refused(str(inside))
        if ip not in _GLOBAL_UNICAST:
            return _kind_of_local(ip)
    return next((noun for network, noun in _REFUSED.items() if ip in network), "")


def _kind_of_local(ip: ipaddress.IPv6Address) -> str:
    if ip.is_loopback or ip.is_unspecified:
        return "this machine"
    if ip.is_link_local:
        return "link-local"
    if ip.is_multicast:
        return "a broadcast or group address"
    # fc00::/7, unique local; fec0::/10 was site-local.
    if ip.is_site_local or ip in ipaddress.ip_network("fc00::/7"):
        return "a private network"
    return "a reserved address"


def system_resolver(host: str, port: int) -> Sequence[str]:
    """The addresses that this machine's resolver gives. Raises OSError and UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class CheckedNetwork(httpcore.SyncBackend):
    """Connections to checked addresses that all end at one moment of ``time.monotonic``.

    ``permitted`` are addresses that are connected to whatever they are. Production names none;
    tests have a server on this machine.
    """

    def __init__(
        self, deadline: float, resolve: Resolve, permitted: frozenset[str] = frozenset()
    ) -> None:
        super().__init__()
        self._deadline = deadline
        self._resolve = resolve
        self._permitted = permitted

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Raises Unreadable for a place that is refused or a name that is not known, and
        httpcore's own errors."""
        addresses = self._checked(host, port)
        for place, address in enumerate(addresses, start=1):
            try:
                stream = super().connect_tcp(
                    address, port, _left(self._deadline, timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if place == len(addresses):
                    raise
            else:
                self._refuse_oneself(host, address, stream)
                return _Stream(stream, self._deadline)
        raise httpcore.ConnectError("no address")

    def _checked(self, host: str, port: int) -> Sequence[str]:
        addresses = self._resolved(host, port)
        for address in addresses:
            noun = "" if address in self._permitted else why_refused(address)
            if noun:
                raise _refused(host, address, noun)
        return addresses[:_ADDRESSES_TRIED]

    def _resolved(self, host: str, port: int) -> Sequence[str]:
        # The system's resolver takes no time limit; a thread that hangs in it is given up.
        answer: SimpleQueue[Sequence[str] | Exception] = SimpleQueue()

        def ask() -> None:
            try:
                answer.put(self._resolve(host, port))
            except Exception as error:  # raised below, by whoever waits
                answer.put(error)

        Thread(target=ask, name="name resolution", daemon=True).start()
        try:
            found = answer.get(timeout=_left(self._deadline, CONNECT_TIMEOUT_S))
        except Empty:
            found = TimeoutError("the resolver does not answer")
        if isinstance(found, Exception) or not found:
            raise Unreadable(
                "unreachable",
                f"no address is known for {host}",
                unreachable_hint("check how it is written, and whether this machine is online"),
            )
        return found

    def _refuse_oneself(self, host: str, address: str, stream: httpcore.NetworkStream) -> None:
        """A public address may be this machine's own: both ends of the connection are then it."""
        own = stream.get_extra_info("client_addr")[0]
        if own == address and address not in self._permitted:
            stream.close()
            raise _refused(host, address, "this machine")


def unreachable_hint(usual: str) -> str:
    """The cure for what is not reached: where a proxy is set, that is the likely reason."""
    if any(
        os.environ.get(name) for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    ):
        return "proxies are not used to fetch: download it yourself, then rag ingest the file"
    return usual


def _refused(host: str, address: str, noun: str) -> Unreadable:
    place = host if host == address else f"{host} ({address})"
    return Unreadable(
        "refused_address",
        f"{place} is {noun}: only the public internet is fetched from",
        "download it yourself, then rag ingest the file",
    )


def _left(deadline: float, timeout_s: float | None) -> float:
    """The time until the deadline, at most ``timeout_s``. Raises httpcore.ReadTimeout after it."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time is over")
    return left if timeout_s is None else min(timeout_s, left)


class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends by the deadline, however slowly its bytes drip."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, timeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
