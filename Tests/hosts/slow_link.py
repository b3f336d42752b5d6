#!/usr/bin/env python3
"""A slow wire between two network name spaces, for kernels without `tc netem`: slow_link.py PID_A PID_B DELAY_MS MBIT.

Makes a tun device `slow0` in the name spaces of both processes and carries packets between them, each delayed and at
most so many bits a second in each direction. Prints `ready`, and runs until it is ended.
"""
import ctypes, fcntl, heapq, os, select, struct, sys, time

CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
QUEUE_BYTES = 512 << 10


def tun(pid):
    """A tun device made within the network name space of the process."""
    libc = ctypes.CDLL(None, use_errno=True)
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    if libc.setns(there, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", b"slow0", IFF_TUN | IFF_NO_PI))
    libc.setns(here, CLONE_NEWNET)
    return device


def main():
    a, b = tun(sys.argv[1]), tun(sys.argv[2])
    delay, rate = float(sys.argv[3]) / 1000, float(sys.argv[4]) * 1e6 / 8
    other = {a: b, b: a}
    free_at = {a: 0.0, b: 0.0}
    due, number = [], 0
    print("ready", flush=True)
    while True:
        wait = max(0.0, due[0][0] - time.monotonic()) if due else None
        readable, _, _ = select.select([a, b], [], [], wait)
        now = time.monotonic()
        for device in readable:
            packet = os.read(device, 65536)
            start = max(now, free_at[device])
            # A full queue drops, as a router would: TCP slows down.
            if (start - now) * rate > QUEUE_BYTES:
                continue
            free_at[device] = start + len(packet) / rate
            number += 1
            heapq.heappush(due, (free_at[device] + delay, number, other[device], packet))
        while due and due[0][0] <= time.monotonic():
            _, _, device, packet = heapq.heappop(due)
            try:
                os.write(device, packet)
            except OSError:
                pass


if __name__ == "__main__":
    main()
