#!/usr/bin/env python3
"""A client built on slixmpp that takes commands and tells events, one JSON object a line (loopback only).
usage: slixmpp_peer.py JID PASSWORD HOST PORT CA [--echo] [--direct]

events: {"ev": "online"}, "failed", "message" (from, type, body, id, carbon), "receipt" (id), "presence" (from, type, show),
"joined" (room), "displayed" (id), "state" (from, state)
commands: {"do": "say", "to", "body", "type", "receipt", "id"}, {"do": "presence", "show", "type", "to"}, {"do": "subscribe", "to"},
{"do": "join", "room", "nick"}, {"do": "raw", "xml"}, {"do": "quit"}"""
import argparse
import asyncio
import json
import sys

import slixmpp

parser = argparse.ArgumentParser()
for name in ("jid", "password", "host", "port", "ca"):
    parser.add_argument(name)
parser.add_argument("--echo", action="store_true", help="answer every chat message with its own text")
parser.add_argument("--direct", action="store_true", help="TLS from the first byte")
args = parser.parse_args()


def tell(ev, **fields):
    print(json.dumps({"ev": ev, **{key: value for key, value in fields.items() if value}}), flush=True)


class Peer(slixmpp.ClientXMPP):
    def __init__(self):
        super().__init__(args.jid, args.password)
        self.ca_certs = args.ca
        self.enable_direct_tls, self.enable_starttls = args.direct, not args.direct
        for plugin in ("xep_0030", "xep_0045", "xep_0085", "xep_0115", "xep_0184", "xep_0199", "xep_0280", "xep_0333"):
            self.register_plugin(plugin)
        self.add_event_handler("session_start", self.started)
        self.add_event_handler("message", self.message)
        self.add_event_handler("groupchat_message", self.message)
        self.add_event_handler("carbon_received", lambda m: self.message(m["carbon_received"], "received"))
        self.add_event_handler("carbon_sent", lambda m: self.message(m["carbon_sent"], "sent"))
        self.add_event_handler("receipt_received", lambda m: tell("receipt", id=m["receipt"]))
        self.add_event_handler("marker_displayed", lambda m: tell("displayed", id=m["displayed"]["id"]))
        self.add_event_handler("presence", lambda p: tell("presence", type=p["type"], **{"from": str(p["from"])}))
        for failure in ("failed_all_auth", "ssl_invalid_chain", "connection_failed"):
            self.add_event_handler(failure, lambda _, why=failure: tell("failed", why=why))

    async def started(self, _):
        self.send_presence()
        await self.get_roster()
        await self.plugin["xep_0280"].enable()
        tell("online", jid=str(self.boundjid))

    def message(self, m, carbon=None):
        if m["chat_state"]:
            tell("state", state=m["chat_state"], **{"from": str(m["from"])})
        if not m["body"]:
            return
        tell("message", type=m["type"], body=m["body"], id=m["id"], carbon=carbon, **{"from": str(m["from"])})
        if args.echo and not carbon and m["type"] == "chat":
            m.reply(m["body"]).send()

    async def do(self, command):
        what = command.pop("do")
        if what == "say":
            m = self.make_message(mto=command["to"], mbody=command["body"], mtype=command.get("type", "chat"))
            if "id" in command:
                m["id"] = command["id"]
            if command.get("receipt"):
                m["request_receipt"] = True
            m.send()
        elif what == "presence":
            self.send_presence(pshow=command.get("show"), ptype=command.get("type"), pto=command.get("to"))
        elif what == "subscribe":
            self.send_presence_subscription(pto=command["to"])
        elif what == "join":
            await self.plugin["xep_0045"].join_muc_wait(command["room"], command["nick"])
            tell("joined", room=command["room"])
        elif what == "raw":
            self.send_raw(command["xml"])
        elif what == "quit":
            await self.disconnect()
            sys.exit(0)


async def main():
    peer = Peer()
    peer.connect(args.host, int(args.port))
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        await peer.do(json.loads(line))


asyncio.run(main())
