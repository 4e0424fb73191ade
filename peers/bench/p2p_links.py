#!/usr/bin/env python3
"""Opens COUNT links to the mesh node at HOST PORT, each with an id of its own, prints `ready` once the node answered
all of their handshakes, and holds them, reading all that comes, until its input ends.

Needs umsgpack: run it with target/peers/py2p/bin/python."""
import hashlib
import selectors
import socket
import struct
import sys
import time

import umsgpack

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(data):
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return text or ALPHABET[0]


def handshake(number):
    ident = base58(hashlib.sha384(b"link %d" % number).digest())
    network = base58(hashlib.sha256(b"meshPlaintext0.7").digest()).encode()
    body = umsgpack.packb([2, ident, int(time.time()), 5, ident, network, ["127.0.0.1", 1], []])
    frame = hashlib.sha256(body).digest() + body
    return struct.pack(">I", len(frame)) + frame


host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
readable = selectors.DefaultSelector()
readable.register(sys.stdin.fileno(), selectors.EVENT_READ)
links, answered = [], set()
for n in range(count):
    link = socket.create_connection((host, port))
    link.sendall(handshake(n))
    link.setblocking(False)
    readable.register(link, selectors.EVENT_READ)
    links.append(link)
said = False
while True:
    for key, _ in readable.select():
        if key.fd == sys.stdin.fileno():
            if not sys.stdin.buffer.raw.read(1):
                sys.exit(0)
            continue
        if not key.fileobj.recv(1 << 20):
            print("a link was closed", flush=True)
            sys.exit(1)
        answered.add(key.fd)
    if len(answered) == count and not said:
        said = True
        print("ready", flush=True)
