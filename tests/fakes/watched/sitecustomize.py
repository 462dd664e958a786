"""Put on PYTHONPATH: in this process and every Python that it starts, nothing but loopback and the
machine's own sockets can be reached; whoever tries is written down in the file $WATCHED, and fails.

With $WATCHED_NATIVE an internet socket of any kind ends the process with SIGSYS, also one that
native code opens (Linux on x86-64 and ARM64): the kernel watches.
"""

import ipaddress
import os
import sys
from pathlib import Path

_NAMES = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_NAMES |= {"socket.getnameinfo", "urllib.Request"}
_ADDRESSES = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"}


def _is_here(host):
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _watch(event, args):
    if event in _NAMES:
        asked = args[0][0] if event == "socket.getnameinfo" else args[0]
        here = _is_here(asked) and event != "urllib.Request"
    elif event in _ADDRESSES:
        asked = args[1]
        # Of UNIX sockets a path; of netlink, which asks the kernel, numbers.
        here = not (isinstance(asked, tuple) and isinstance(asked[0], str)) or _is_here(asked[0])
    else:
        return
    if not here:
        with Path(os.environ["WATCHED"]).open("a", encoding="utf-8") as told:
            told.write(f"{event} {asked!r} by {sys.argv}\n")
        raise OSError(f"watched: {event} {asked!r}")


def _end_at_internet_sockets():
    """A seccomp filter (seccomp(2), Linux's filter.txt): socket(AF_INET or AF_INET6) traps."""
    import ctypes
    import faulthandler
    import signal
    import struct

    faulthandler.register(signal.SIGSYS, chain=True)  # says who it was
    number, machine = {"x86_64": (41, 0xC000003E), "aarch64": (198, 0xC00000B7)}[os.uname().machine]
    load, equal, end = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
    allow, trap = 0x7FFF0000, 0x00030000  # SECCOMP_RET_ALLOW, SECCOMP_RET_TRAP
    program = [
        (load, 0, 0, 4),  # the architecture
        (equal, 0, 5, machine),
        (load, 0, 0, 0),  # the number of the system call
        (equal, 0, 3, number),
        (load, 0, 0, 16),  # its first argument
        (equal, 2, 0, 2),  # AF_INET
        (equal, 1, 0, 10),  # AF_INET6
        (end, 0, 0, allow),
        (end, 0, 0, trap),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    about = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    for call in ((38, 1, 0, 0, 0), (22, 2, ctypes.c_char_p(about), 0, 0)):
        if libc.prctl(*call):  # PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP
            raise OSError(ctypes.get_errno(), "no filter of system calls")


sys.addaudithook(_watch)
if os.environ.get("WATCHED_NATIVE"):
    _end_at_internet_sockets()
