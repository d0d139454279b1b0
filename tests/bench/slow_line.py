"""A line that carries little upwards, made by the kernel: a network of this process's own, with one slow class.

As behind a shop's router: what is sent to one port is let out at a rate and waits in one queue, first come, first
served, whatever it is; everything else is as fast as ever.
"""

import ctypes
import shutil
import subprocess

# bytes of a packet, and of the queue in a plain router: a second and more at the rates that are measured
MTU, QUEUE = 1500, 64_000
_NEW_NETWORK = 0x40000000


def enter() -> None:
    """Give this thread, and all that it starts, a network of its own.

    Raises PermissionError, FileNotFoundError, both with a sentence.
    """
    for tool in ("ip", "tc"):
        if shutil.which(tool) is None:
            raise FileNotFoundError(f"this needs the program {tool} (on Debian: iproute2)")
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NETWORK) != 0:
        raise PermissionError(ctypes.get_errno(), "this needs a network of its own: run it as root")
    # one packet at a time, as on a cable: no bundles that a queue lets through or drops as one
    _run("ip", "link", "set", "lo", "up", "mtu", str(MTU), "gso_max_segs", "1", "gso_max_size", str(MTU))


def narrow(port: int, kbit: int) -> None:
    """What goes to a port of this network leaves at so many kbit/s from now on."""
    _run("tc", "qdisc", "add", "dev", "lo", "root", "handle", "1:", "htb", "default", "10", "r2q", "1000")
    _run("tc", "class", "add", "dev", "lo", "parent", "1:", "classid", "1:10", "htb", "rate", "10gbit")
    slow = ("classid", "1:20", "htb", "rate", f"{kbit}kbit", "burst", str(2 * MTU), "quantum", str(MTU))
    _run("tc", "class", "add", "dev", "lo", "parent", "1:", *slow)
    _run("tc", "qdisc", "add", "dev", "lo", "parent", "1:20", "bfifo", "limit", str(QUEUE))
    chosen = ("u32", "match", "ip", "dport", str(port), "0xffff", "flowid", "1:20")
    _run("tc", "filter", "add", "dev", "lo", "protocol", "ip", "parent", "1:", "prio", "1", *chosen)


def bytes_sent() -> int:
    """What has gone over the slow line so far."""
    shown = subprocess.run(
        ["tc", "-s", "class", "show", "dev", "lo", "classid", "1:20"], capture_output=True, text=True, check=True
    ).stdout
    words = shown.split()
    return int(words[words.index("Sent") + 1])


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
