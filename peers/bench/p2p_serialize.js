'use strict';
// CPU time of js2p for a message to its frame and back: a line `js2p WHAT METHOD BYTES NS` each, ns a message.
// Run by p2p_serialize.sh, with JS2P naming the folder of the package. The payload is hexadecimal text.
const crypto = require('crypto');
const print = process.stdout.write.bind(process.stdout);
console.log = console.warn = () => {};
process.noDeprecation = true;
const base = require(process.env.JS2P || 'js2p').base;

const METHODS = { plain: null, snappy: base.flags.snappy, zlib: base.flags.zlib };
const SIZES = [64, 1024, 65536];

function text(size) {
    let block = Buffer.from('seed'), digits = '';
    while (digits.length < size) {
        block = crypto.createHash('sha256').update(block).digest();
        digits += block.toString('hex');
    }
    return digits.slice(0, size);
}

function run(action, count) {
    const start = process.cpuUsage();
    for (let i = 0; i < count; i++) action();
    const used = process.cpuUsage(start);
    return (used.user + used.system) * 1e3;
}

// The least CPU time of five rounds of about 0.1 s.
function cost(action) {
    let count = 1, took = 0;
    while (took < 2e7) {
        count *= 2;
        took = run(action, count);
    }
    count = Math.max(1, Math.floor(count * 1e8 / took));
    let least = Infinity;
    for (let i = 0; i < 5; i++) least = Math.min(least, run(action, count) / count);
    return least;
}

const sender = '7g4Ru6i6ZExWJpFnD47FUyEjtBks32BzfKjrTZbmaT5Huw1GUuHBjVRTrhGamexqbp';
for (const [name, method] of Object.entries(METHODS)) {
    const methods = method === null ? [] : [method];
    for (const size of SIZES) {
        const payload = [base.flags.whisper, text(size)];
        const serialize = () => new base.InternalMessage(base.flags.whisper, sender, payload, methods, 1500000000).string;
        const frame = Buffer.from(serialize());
        print(`js2p serialize ${name} ${size} ${cost(serialize).toFixed(0)}\n`);
        const deserialize = () => base.InternalMessage.feed_string(frame, false, methods).payload;
        print(`js2p deserialize ${name} ${size} ${cost(deserialize).toFixed(0)}\n`);
    }
}
