"""What a login and a message cost a client of slixmpp: apps/examples/xmpp_echo.rs with its means.
usage: slixmpp_echo.py HOST PORT DOMAIN MESSAGES CA.pem"""
import asyncio
import resource
import sys

import slixmpp

host, port, domain, count, ca = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5]
WINDOW = 50


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Client(slixmpp.ClientXMPP):
    def __init__(self, user):
        super().__init__(f"{user}@{domain}/t", f"secret-{user}")
        self.ca_certs = ca
        self.ready = asyncio.get_event_loop().create_future()
        self.add_event_handler("session_start", self.started)
        for failure in ("failed_all_auth", "ssl_invalid_chain", "connection_failed"):
            self.add_event_handler(failure, lambda _, why=failure: sys.exit(why))

    def started(self, _):
        self.send_presence()
        if not self.ready.done():
            self.ready.set_result(None)


async def main():
    before = cpu()
    alice, bob = Client("alice"), Client("bob")
    for client in (alice, bob):
        client.enable_direct_tls = False
        client.connect(host, port)
        await asyncio.wait_for(client.ready, 15)
    login = (cpu() - before) / 2
    bob.add_event_handler("message", lambda m: m["type"] == "chat" and m["body"] and m.reply(m["body"]).send())
    room, done, got = asyncio.Semaphore(WINDOW), asyncio.Event(), 0

    def back(message):
        nonlocal got
        if message["type"] == "chat":
            got += 1
            room.release()
            if got == count:
                done.set()

    alice.add_event_handler("message", back)
    await asyncio.sleep(0.3)
    before = cpu()
    for n in range(count):
        await room.acquire()
        alice.send_message(mto=f"bob@{domain}/t", mbody=f"message number {n} with some text", mtype="chat")
    await asyncio.wait_for(done.wait(), 60)
    each = (cpu() - before) / count
    print(f"slixmpp {slixmpp.__version__}: login {login * 1e6:.0f} us, round trip {each * 1e6:.1f} us")


asyncio.get_event_loop_policy().set_event_loop(asyncio.new_event_loop())
asyncio.get_event_loop().run_until_complete(main())
