'use strict';
// A node of the mesh in the browser: the p2p message format over one WebSocket, with nothing but what browsers have.
// It floods nothing on, since it has one link alone; see the guide to the format for the layout of frames.
const Member = (() => {
  const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  const MAX_FRAME = 1 << 20, MAX_DEPTH = 32, WINDOW = 60;
  const utf8 = new TextEncoder();
  const hash = async (name, bytes) => new Uint8Array(await crypto.subtle.digest(name, bytes));
  const join = (...parts) => {
    const all = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
    let at = 0;
    for (const part of parts) { all.set(part, at); at += part.length; }
    return all;
  };
  const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');

  /// The base 58 digits of a big-endian number.
  function base58(bytes) {
    let number = BigInt('0x' + hex(bytes)), text = '';
    do { text = ALPHABET[Number(number % 58n)] + text; number /= 58n; } while (number);
    return text;
  }

  // ---- msgpack: the part of it that messages use

  function encode(value) {
    if (value === null || value === undefined) return [0xc0];
    if (typeof value === 'boolean') return [value ? 0xc3 : 0xc2];
    if (typeof value === 'number') return number(value);
    if (typeof value === 'string') return head(utf8.encode(value), 0xa0, 32, 0xd9);
    if (value instanceof Uint8Array) return head(value, 0, 0, 0xc4);
    if (Array.isArray(value)) {
      const start = value.length < 16 ? [0x90 | value.length] : [0xdc, value.length >> 8, value.length & 255];
      return start.concat(...value.map(encode));
    }
    throw new Error('cannot be sent: ' + typeof value);
  }

  function head(bytes, fix, below, code) {
    const n = bytes.length;
    const start = n < below ? [fix | n] : n < 256 ? [code, n] : n < 65536 ? [code + 1, n >> 8, n & 255]
      : [code + 2, n >>> 24, n >> 16 & 255, n >> 8 & 255, n & 255];
    return [...start, ...bytes];
  }

  function number(value) {
    const view = new DataView(new ArrayBuffer(9));
    if (Number.isInteger(value) && value >= 0 && value < 128) return [value];
    if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) {
      if (value < 256) return [0xcc, value];
      if (value < 65536) return [0xcd, value >> 8, value & 255];
      view.setUint8(0, 0xce); view.setUint32(1, value);
      return [...new Uint8Array(view.buffer, 0, 5)];
    }
    view.setUint8(0, 0xcb); view.setFloat64(1, value);
    return [...new Uint8Array(view.buffer)];
  }

  function decode(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    const need = (n) => { if (at + n > bytes.length) throw new Error('message cut short'); const from = at; at += n; return from; };
    const raw = (n) => bytes.subarray(need(n), at);
    const text = (n) => new TextDecoder('utf-8', { fatal: true }).decode(raw(n));
    const size = { 1: () => view.getUint8(need(1)), 2: () => view.getUint16(need(2)), 4: () => view.getUint32(need(4)) };
    const many = (n, depth) => { const list = []; while (n-- > 0) list.push(one(depth)); return list; };
    function one(depth) {
      if (depth > MAX_DEPTH) throw new Error('nested too deeply');
      const code = view.getUint8(need(1));
      if (code < 0x80) return code;
      if (code >= 0xe0) return code - 256;
      if (code >= 0xa0 && code < 0xc0) return text(code & 31);
      if (code >= 0x90 && code < 0xa0) return many(code & 15, depth + 1);
      if (code < 0x90) return map(code & 15, depth + 1);
      switch (code) {
        case 0xc0: return null;
        case 0xc2: return false;
        case 0xc3: return true;
        case 0xc4: case 0xc5: case 0xc6: return raw(size[1 << code - 0xc4]());
        case 0xca: return view.getFloat32(need(4));
        case 0xcb: return view.getFloat64(need(8));
        case 0xcc: case 0xcd: case 0xce: return size[1 << code - 0xcc]();
        case 0xcf: return Number(view.getBigUint64(need(8)));
        case 0xd0: return view.getInt8(need(1));
        case 0xd1: return view.getInt16(need(2));
        case 0xd2: return view.getInt32(need(4));
        case 0xd3: return Number(view.getBigInt64(need(8)));
        case 0xd9: case 0xda: case 0xdb: return text(size[1 << code - 0xd9]());
        case 0xdc: case 0xdd: return many(size[code === 0xdc ? 2 : 4](), depth + 1);
        case 0xde: case 0xdf: return map(size[code === 0xde ? 2 : 4](), depth + 1);
        case 0xd4: case 0xd5: case 0xd6: case 0xd7: case 0xd8: return raw(1 + (1 << code - 0xd4));
        case 0xc7: case 0xc8: case 0xc9: return raw(1 + size[1 << code - 0xc7]());
      }
      throw new Error('no such type');
    }
    const map = (n, depth) => { const pairs = []; while (n-- > 0) pairs.push([one(depth), one(depth)]); return pairs; };
    const value = one(0);
    if (at !== bytes.length) throw new Error('more follows the message');
    return value;
  }

  const plain = (id) => (id instanceof Uint8Array ? new TextDecoder().decode(id) : id);

  class Node {
    constructor(socket, id, protocol, on) {
      Object.assign(this, { socket, id, protocol, on, seen: new Map(), buffer: new Uint8Array(0), work: Promise.resolve() });
      socket.onmessage = ({ data }) => { this.work = this.work.then(() => this.piece(new Uint8Array(data))).catch((error) => this.end(error.message)); };
      socket.onclose = () => this.end('the link was closed');
    }

    async send(main, payload) {
      const body = Uint8Array.from(encode([main, this.id, Math.floor(Date.now() / 1000), ...payload]));
      const id = await hash('SHA-256', body);
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, id.length + body.length);
      this.seen.set(hex(id), Date.now());
      this.socket.send(join(length, id, body));
    }

    broadcast(text) { return this.send(0, [0, text]); }

    greet() { return this.send(2, [5, this.id, this.protocol, ['browser', 0], []]); }

    leave() { this.end('on request'); }

    async piece(bytes) {
      this.buffer = join(this.buffer, bytes);
      while (this.buffer.length >= 4) {
        const length = new DataView(this.buffer.buffer, this.buffer.byteOffset).getUint32(0);
        if (length > MAX_FRAME || length < 32) throw new Error('a frame of ' + length + ' bytes');
        if (this.buffer.length < 4 + length) return;
        const body = this.buffer.slice(36, 4 + length), sum = hex(this.buffer.subarray(4, 36));
        this.buffer = this.buffer.slice(4 + length);
        if (hex(await hash('SHA-256', body)) !== sum) throw new Error('wrong checksum');
        await this.heard(decode(body), sum);
      }
    }

    async heard([main, sender, time, flag, ...rest], sum) {
      if (main === 0) {
        const now = Date.now();
        for (const [id, when] of this.seen) if (now - when > 2 * WINDOW * 1000) this.seen.delete(id);
        if (this.seen.has(sum) || time < now / 1000 - WINDOW) return;
        this.seen.set(sum, now);
      }
      if (flag === 5 && rest.length === 4) {
        if (plain(rest[1]) !== plain(this.protocol)) throw new Error('the node belongs to another network');
        if (!this.peer) { this.peer = plain(rest[0]); await this.send(2, [7, [[rest[2], this.peer]]]); this.greeted(); }
      } else if (flag === 0 || flag === 2) {
        this.on.message(plain(sender), rest.map((value) => (value instanceof Uint8Array ? plain(value) : value)));
      } else if (flag === 8 && rest.length === 1) {
        await this.send(2, [7, []]);
      }
    }

    end(why) {
      if (this.ended) return;
      this.ended = true;
      this.socket.close();
      if (this.refused) this.refused(new Error(why));
      this.on.left(why);
    }
  }

  return {
    base58, encode, decode,
    async join(url, subnet, on) {
      if (!crypto.subtle) throw new Error('open this page from localhost or by https');
      const salt = crypto.getRandomValues(new Uint8Array(16));
      const protocol = utf8.encode(base58(await hash('SHA-256', utf8.encode(subnet + 'ws' + '0.7'))));
      const id = base58(await hash('SHA-384', join(utf8.encode('browser'), protocol, salt)));
      const socket = new WebSocket(url);
      socket.binaryType = 'arraybuffer';
      const node = new Node(socket, id, protocol, on);
      await new Promise((resolve, reject) => {
        Object.assign(node, { greeted: resolve, refused: reject });
        socket.onopen = () => node.greet();
        setTimeout(() => reject(new Error('no answer within 10 s')), 10000);
      });
      node.refused = null;
      return node;
    },
  };
})();
