#!/usr/bin/env python3
"""A server that somebody has taken the encryption from, on loopback: offers a login in the clear, and prints what comes.
usage: strip_server.py PORT DOMAIN MODE
MODE: nostarttls (offers PLAIN and SCRAM without TLS), fail (offers STARTTLS and refuses it), inject (answers STARTTLS and
sends stream features in the clear behind it)"""
import socket
import sys

port, domain, mode = int(sys.argv[1]), sys.argv[2], sys.argv[3]
TLS = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
SASL = (b"<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
        b"<mechanism>SCRAM-SHA-1</mechanism></mechanisms>")
HEADER = (b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='x1'"
          b" version='1.0' from='" + domain.encode() + b"'>")
FEATURES = b"<stream:features>" + (b"" if mode == "nostarttls" else TLS) + SASL + b"</stream:features>"


def serve(client):
    client.settimeout(5)
    try:
        while data := client.recv(4096):
            print("C:", data.decode(errors="replace").replace("\n", " "), flush=True)
            if b"<stream:stream" in data:
                client.sendall(HEADER + FEATURES)
            elif b"<starttls" in data and mode == "inject":
                client.sendall(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" + HEADER + FEATURES)
            elif b"<starttls" in data:
                client.sendall(b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>")
    except (socket.timeout, ConnectionError):
        pass


listener = socket.create_server(("127.0.0.1", port))
print("ready", flush=True)
while True:
    client, _ = listener.accept()
    print("-- connection", flush=True)
    with client:
        serve(client)
    print("-- over", flush=True)
