"""Which machines are connected to: every kind of address that is not the public internet's."""

from __future__ import annotations

import ipaddress
import threading
import time

import httpcore
import pytest

from ragcli.errors import Unreadable
from ragcli.fetching.network import CheckedNetwork, system_resolver, why_refused

REFUSED = {
    "this machine": "0.0.0.0 0.1.2.3 127.0.0.1 127.255.255.254 :: ::1 ::ffff:127.0.0.1"
    " ::ffff:7f00:1 64:ff9b::7f00:1 ::ffff:0.0.0.0",
    "a private network": "10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1"
    " 192.168.255.255 ::ffff:10.0.0.1 ::ffff:192.168.1.1 64:ff9b::a00:1 fc00::1 fd12:3456::1"
    " fdff:ffff::1 fec0::1",
    "a provider's own network": "100.64.0.1 100.127.255.255 ::ffff:100.64.0.1",
    "link-local": "169.254.0.1 169.254.169.254 fe80::1 fe80::1%eth0 febf::1"
    " ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe",
    "a broadcast or group address": "224.0.0.1 239.255.255.255 255.255.255.255 ff02::1 ff0e::1",
    "a reserved address": "192.0.0.1 192.0.0.170 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255"
    " 198.51.100.7 203.0.113.9 240.0.0.1 254.1.2.3 ::7f00:1 ::10.0.0.1 100::1 64:ff9b:1::1"
    " 2001::1 2001:0:7f00:1:: 2001:2::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a00:1::1"
    " 2002:808:808:: 3fff::1 5f00::1 4000::1 fe00::1",
    "not an address": "localhost example.com 1.2.3 0x7f.0.0.1 0177.0.0.1",
}
ALLOWED = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.1.1.1 128.0.0.1
    169.253.1.1 172.15.255.255 172.32.0.0 192.0.1.1 192.167.1.1 192.169.0.1 198.17.255.255
    198.20.0.0 223.255.255.255 2606:4700::1111 2001:4860:4860::8888 2a00:1450::1 2400::1
    ::ffff:8.8.8.8 64:ff9b::808:808
"""
NUMBERS = """
    2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 127.1 127.0.1 0 0x0 0.0 localhost ::1
    3232235521 0xa9fea9fe 0xC0A80001
"""


@pytest.mark.parametrize(
    ("address", "noun"), [(a, noun) for noun, some in REFUSED.items() for a in some.split()]
)
def test_what_is_refused(address: str, noun: str) -> None:
    assert why_refused(address) == noun


@pytest.mark.parametrize("address", ALLOWED.split())
def test_what_is_public(address: str) -> None:
    assert why_refused(address) == ""


def test_nothing_is_allowed_that_python_knows_to_be_private() -> None:
    """An independent list: Python's own, at the borders of each of its blocks."""
    private = ipaddress.IPv4Network("0.0.0.0/0")
    step = private.num_addresses // 4096
    for place in range(4096):
        ip = private[place * step + 1]
        if not ip.is_global or ip.is_multicast:
            assert why_refused(str(ip)), ip


@pytest.mark.parametrize("host", NUMBERS.split())
def test_numbers_that_a_resolver_takes_for_addresses(host: str) -> None:
    """However it is written, what the resolver makes of it is what is checked."""
    network = CheckedNetwork(time.monotonic() + 5, system_resolver)
    with pytest.raises(Unreadable) as refused:
        network.connect_tcp(host, 443)
    assert refused.value.code == "refused_address"


def test_every_address_of_a_name_is_checked() -> None:
    """One private address among public ones: nothing is connected to at all."""
    network = CheckedNetwork(time.monotonic() + 5, lambda *_: ["8.8.8.8", "2400::1", "10.0.0.1"])
    with pytest.raises(Unreadable, match=r"name\.example \(10\.0\.0\.1\) is a private network"):
        network.connect_tcp("name.example", 443)


@pytest.mark.parametrize("answer", [[], OSError("down"), UnicodeError("label too long")])
def test_a_name_without_an_address(answer: list[str] | Exception) -> None:
    def resolve(host: str, port: int) -> list[str]:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(Unreadable, match=r"no address is known for name\.example") as refused:
        CheckedNetwork(time.monotonic() + 5, resolve).connect_tcp("name.example", 443)
    assert (refused.value.code, "online" in refused.value.hint) == ("unreachable", True)


def test_a_resolver_that_hangs_is_given_up() -> None:
    over = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        over.wait()
        return ["8.8.8.8"]

    with pytest.raises(Unreadable, match="no address is known"):
        CheckedNetwork(time.monotonic() + 0.05, resolve).connect_tcp("name.example", 443)
    over.set()


def test_nothing_begins_after_the_deadline() -> None:
    with pytest.raises(httpcore.ReadTimeout):
        CheckedNetwork(time.monotonic() - 1, lambda *_: ["8.8.8.8"]).connect_tcp("x.example", 443)
