"""CPU time of py2p for a message to its frame and back: a line `py2p WHAT METHOD BYTES NS` each, ns a message.

Run by p2p_serialize.sh with the interpreter of the environment that has py2p. The payload is hexadecimal text.
"""
import hashlib
import time

from py2p import flags, messages

METHODS = {"plain": None, "snappy": flags.snappy, "zlib": flags.zlib}
SIZES = (64, 1024, 65536)


def text(size):
    block, digits = b"seed", ""
    while len(digits) < size:
        block = hashlib.sha256(block).digest()
        digits += block.hex()
    return digits[:size]


def cost(action):
    """The least CPU time of five rounds of about 0.1 s."""
    count, took = 1, 0.0
    while took < 0.02:
        count *= 2
        start = time.process_time()
        for _ in range(count):
            action()
        took = time.process_time() - start
    count = max(1, int(count * 0.1 / took))
    rounds = []
    for _ in range(5):
        start = time.process_time()
        for _ in range(count):
            action()
        rounds.append((time.process_time() - start) / count)
    return min(rounds) * 1e9


def main():
    sender = b"7g4Ru6i6ZExWJpFnD47FUyEjtBks32BzfKjrTZbmaT5Huw1GUuHBjVRTrhGamexqbp"
    for name, method in METHODS.items():
        methods = [] if method is None else [method]
        for size in SIZES:
            payload = (flags.whisper, text(size))

            def serialize():
                return messages.InternalMessage(flags.whisper, sender, payload, methods, 1500000000).string

            frame = bytes(serialize())
            print(f"py2p serialize {name} {size} {cost(serialize):.0f}", flush=True)
            print(f"py2p deserialize {name} {size} "
                  f"{cost(lambda: messages.InternalMessage.feed_string(frame, False, methods).payload):.0f}", flush=True)


main()
