'use strict';
// The page of one node: draws what the node's surveys tell, and passes commands to it. The wire to the node is the
// same JSON line protocol that `peer --json` speaks on its standard input and output, one WebSocket message a line.
const $ = (id) => document.getElementById(id);
const svg = (name, attributes = {}) => {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};
const short = (id) => (id.length > 8 ? id.slice(0, 6) : id);
const isId = (value) => typeof value === 'string' && /^[1-9A-HJ-NP-Za-km-z]{40,}$/.test(value);
const shown = (value) => {
  if (value && typeof value === 'object' && typeof value.$bin === 'string') {
    const bytes = Uint8Array.from(value.$bin.match(/../g) || [], (pair) => parseInt(pair, 16));
    try { return new TextDecoder('utf-8', { fatal: true }).decode(bytes); } catch { return '0x' + value.$bin; }
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
};
const bin = (text) => ({ $bin: Array.from(new TextEncoder().encode(text), (b) => b.toString(16).padStart(2, '0')).join('') });

// ---- the line to the node

const waiting = new Map();
let socket, serial = 0, self = '', kind = 'mesh', wait = 500;

function call(request) {
  return new Promise((resolve) => {
    if (!socket || socket.readyState !== WebSocket.OPEN) return resolve({ error: 'not connected to the node' });
    const n = ++serial;
    waiting.set(n, resolve);
    socket.send(JSON.stringify({ ...request, n_: n }));
  });
}

function open() {
  socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/live`);
  socket.onmessage = ({ data }) => heard(JSON.parse(data));
  socket.onclose = () => {
    for (const resolve of waiting.values()) resolve({ error: 'the node went away' });
    waiting.clear();
    health('down', 'node not reachable, trying again');
    setTimeout(open, wait);
    wait = Math.min(wait * 2, 8000);
  };
}

function heard(line) {
  if (line.re !== undefined) {
    const resolve = waiting.get(line.re);
    waiting.delete(line.re);
    return resolve && resolve(line);
  }
  switch (line.ev) {
    case 'ready': return ready(line);
    case 'message': return message(line);
    case 'connect': return soon();
    case 'joined': return soon();
    case 'left': return soon();
    case 'update': case 'add': case 'delete': return dictionaryChanged(line);
  }
}

function ready(line) {
  self = line.id;
  kind = line.kind || 'mesh';
  wait = 500;
  nodes.clear();
  $('kind').textContent = kind;
  $('self').textContent = line.name ? `${line.name} ${self}` : self;
  document.title = `${line.name || short(self)} · peer ${kind}`;
  document.body.classList.toggle('ring', kind === 'chord');
  $('dictionary').hidden = kind === 'mesh';
  $('table').hidden = kind === 'chord';
  $('legend').textContent = kind === 'chord'
    ? 'A node stands at its id on the circle. Green: successor. Dashed: fingers. Arrows: the last lookup.'
    : 'A line is a connection. Dashed circles: nodes that tell nothing of themselves.';
  const way = (line.listen || []).find((address) => address.startsWith('ws:'));
  $('member').hidden = !way || kind !== 'mesh';
  Page.way = way;
  Page.subnet = line.subnet;
  health('up', 'connected');
  soon();
  dictionaryChanged({});
}

function health(state, text) {
  $('health').className = state;
  $('health').textContent = text;
}

// ---- the network as it is told

const nodes = new Map(); // id -> { id, links, state, x, y, silent, missed }
let chosen = '', path = [], timer = 0, busy = false;

function soon() {
  clearTimeout(timer);
  timer = setTimeout(survey, 150);
}

async function survey() {
  clearTimeout(timer);
  if (!busy && !document.hidden) {
    busy = true;
    const answer = await call({ op: 'survey' });
    busy = false;
    if (Array.isArray(answer.result)) told(answer.result);
    const stats = await call({ op: 'stats' });
    if (stats.result) list($('counters'), Object.fromEntries(Object.entries(stats.result).filter(([, count]) => count !== 0)));
  }
  timer = setTimeout(survey, 2000);
}

function told(answers) {
  const alive = new Set();
  for (const { id, name, addr, links, state } of answers) {
    const node = place(id);
    Object.assign(node, { name, addr, links: new Set(links), state: state || {}, silent: false });
    alive.add(id);
  }
  for (const { links } of answers) for (const id of links) if (!alive.has(id)) {
    // Only its neighbours speak of it: a node of the old protocol, or one whose answer is late.
    const node = place(id);
    if (node.state === undefined) Object.assign(node, { links: new Set(), state: undefined, silent: true });
    alive.add(id);
  }
  for (const id of [...nodes.keys()]) if (!alive.has(id)) nodes.delete(id);
  if (!nodes.has(chosen)) chosen = '';
  path = path.filter((id) => nodes.has(id));
  recipients();
  draw();
}

function place(id) {
  let node = nodes.get(id);
  if (!node) {
    const angle = fraction(id) * 2 * Math.PI;
    node = { id, links: new Set(), x: 400 * Math.sin(angle), y: -400 * Math.cos(angle), vx: 0, vy: 0 };
    nodes.set(id, node);
  }
  return node;
}

/// Where an id stands between 0 and 1: ids are numbers of 384 bits in base 58.
function fraction(id) {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let number = 0n;
  for (const c of id) {
    const digit = alphabet.indexOf(c);
    if (digit < 0) { number = number * 131n + BigInt(c.charCodeAt(0)); continue; }
    number = number * 58n + BigInt(digit);
  }
  return Number((number % (1n << 384n)) >> 344n) / 2 ** 40;
}

// ---- the picture

function edges() {
  const found = new Map();
  for (const node of nodes.values()) for (const id of node.links) {
    if (!nodes.has(id)) continue;
    found.set(node.id < id ? node.id + ' ' + id : id + ' ' + node.id, [node, nodes.get(id)]);
  }
  return [...found.values()];
}

function draw() {
  const lines = edges();
  $('count').textContent = nodes.size;
  $('links').textContent = lines.length;
  if (kind !== 'chord') settle(lines);
  $('edges').replaceChildren(...(kind === 'chord' ? ringEdges() : lines.map(([a, b]) => line(a, b, a.id === chosen || b.id === chosen ? 'chosen' : ''))));
  const size = Math.max(7, (kind === 'chord' ? 18 : 24) - nodes.size / 8);
  const known = new Map([...$('nodes').children].map((g) => [g.dataset.id, g]));
  for (const node of nodes.values()) {
    const g = known.get(node.id) || shape(node.id);
    known.delete(node.id);
    g.setAttribute('class', [node.id === self && 'self', node.silent && 'silent', node.id === chosen && 'chosen'].filter(Boolean).join(' '));
    g.setAttribute('transform', `translate(${node.x.toFixed(1)} ${node.y.toFixed(1)})`);
    g.querySelector('circle').setAttribute('r', node.id === self ? size * 1.25 : size);
    const text = g.querySelector('text');
    text.textContent = nodes.size <= 40 ? node.name || short(node.id) : '';
    label(text, node, size);
  }
  for (const g of known.values()) g.remove();
  drawPath();
  details();
}

/// Under the node; on the ring outside of it.
function label(text, { x, y }, size) {
  const ring = kind === 'chord', reach = (size + 12) / (Math.hypot(x, y) || 1);
  text.setAttribute('x', ring ? x * reach : 0);
  text.setAttribute('y', ring ? y * reach + 7 : size + 24);
  text.setAttribute('text-anchor', !ring || Math.abs(x) < 60 ? 'middle' : x < 0 ? 'end' : 'start');
}

function shape(id) {
  const g = svg('g', { tabindex: 0, role: 'button', 'aria-label': 'node ' + short(id) });
  g.dataset.id = id;
  g.append(svg('circle'), svg('text'));
  const choose = () => { chosen = chosen === id ? '' : id; draw(); };
  g.addEventListener('click', choose);
  g.addEventListener('keydown', (event) => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); choose(); } });
  $('nodes').append(g);
  return g;
}

const line = (a, b, name) => svg('line', { x1: a.x, y1: a.y, x2: b.x, y2: b.y, class: name });

function ringEdges() {
  const found = [];
  for (const node of nodes.values()) {
    const state = node.state || {};
    const next = nodes.get((state.successors || [])[0]);
    if (next && next !== node) found.push(line(node, next, 'successor'));
    else if (node.silent || !state.successors) for (const id of node.links) if (nodes.has(id)) found.push(line(node, nodes.get(id), ''));
    if (node.id !== (chosen || self)) continue;
    for (const id of state.fingers || []) if (nodes.has(id)) found.push(line(node, nodes.get(id), 'finger chosen'));
  }
  return found;
}

/// Moves the nodes of a mesh apart where they crowd and together where they are linked.
function settle(lines) {
  const all = [...nodes.values()];
  const ideal = 760 / Math.sqrt(all.length + 1);
  for (let round = 0; round < (all.length > 150 ? 15 : 60); round++) {
    for (let i = 0; i < all.length; i++) for (let j = 0; j < i; j++) {
      const a = all[i], b = all[j];
      const dx = a.x - b.x || 0.5, dy = a.y - b.y || 0.3, square = dx * dx + dy * dy;
      const push = Math.min(0.05 * ideal * ideal / square, 2);
      a.x += dx * push; a.y += dy * push; b.x -= dx * push; b.y -= dy * push;
    }
    for (const [a, b] of lines) {
      const dx = a.x - b.x, dy = a.y - b.y, length = Math.hypot(dx, dy) || 1;
      const pull = 0.06 * (length - ideal) / length;
      a.x -= dx * pull; a.y -= dy * pull; b.x += dx * pull; b.y += dy * pull;
    }
    for (const node of all) {
      node.x = Math.max(-440, Math.min(440, node.x * 0.98));
      node.y = Math.max(-430, Math.min(430, node.y * 0.98));
    }
  }
}

function drawPath() {
  const stops = path.map((id) => nodes.get(id)).filter(Boolean);
  const drawn = [];
  for (let i = 1; i < stops.length; i++) {
    const a = stops[i - 1], b = stops[i], length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    const end = 1 - 26 / length, mx = (a.x + b.x) / 2 * 0.85, my = (a.y + b.y) / 2 * 0.85;
    drawn.push(svg('path', { d: `M${a.x} ${a.y}Q${mx} ${my} ${a.x + (b.x - a.x) * end} ${a.y + (b.y - a.y) * end}` }));
    const text = svg('text', { x: (a.x + 2 * mx + b.x) / 4, y: (a.y + 2 * my + b.y) / 4 });
    text.textContent = i;
    drawn.push(text);
  }
  $('path').replaceChildren(...drawn);
}

// ---- the panels

const several = (values) => {
  const some = values.slice(0, 8).map((value) => (typeof value === 'string' ? short(value) : JSON.stringify(value))).join(', ');
  return values.length > 8 ? `${some} and ${values.length - 8} more` : some || 'none';
};

function list(into, facts) {
  const rows = [];
  for (const [name, value] of Object.entries(facts)) {
    if (value === null || value === undefined) continue;
    const dt = document.createElement('dt'), dd = document.createElement('dd');
    dt.textContent = name.replaceAll('_', ' ');
    dd.textContent = Array.isArray(value) ? several(value)
      : typeof value === 'object' ? JSON.stringify(value) : isId(value) && name !== 'id' ? short(value) : value;
    rows.push(dt, dd);
  }
  into.replaceChildren(...rows);
}

function details() {
  const node = nodes.get(chosen || self);
  if (!node) return;
  const { state = {}, name, addr, links } = node;
  list($('state'), { name: name || null, id: node.id, address: (addr || []).join(', ') || null, ...(node.silent ? { tells: 'nothing of itself' } : {}), links: [...links], ...state });
}

function recipients() {
  const select = $('to'), value = select.value;
  const options = [['', 'everyone'], ...[...nodes.values()].filter((n) => n.id !== self).map((n) => [n.id, n.name || short(n.id)])];
  select.replaceChildren(...options.map(([id, text]) => new Option(text, id)));
  select.value = nodes.has(value) ? value : '';
}

function log(from, text, note) {
  const item = document.createElement('li');
  const time = document.createElement('time');
  time.textContent = new Date().toTimeString().slice(0, 5);
  item.append(time);
  if (from) { const b = document.createElement('b'); b.textContent = from; item.append(b); }
  item.append(text);
  if (note) item.className = note;
  $('log').append(item);
  while ($('log').children.length > 500) $('log').firstChild.remove();
  $('log').scrollTop = $('log').scrollHeight;
}

function message(line) {
  const node = nodes.get(line.sender);
  const name = (node && node.name) || short(line.sender);
  log(name + (line.main === 0 ? '' : ' (to you)'), (line.packets || []).map(shown).join(' '));
  const g = node && $('nodes').querySelector(`[data-id="${CSS.escape(line.sender)}"]`);
  if (g) { g.classList.add('spoke'); setTimeout(() => g.classList.remove('spoke'), 1000); }
}

$('send').addEventListener('submit', async (event) => {
  event.preventDefault();
  const text = $('text').value, to = $('to').value;
  if (!text) return;
  const answer = Page.member && !to ? await Page.member.broadcast(text).then(() => ({}), (error) => ({ error: error.message }))
    : await call(to ? { op: 'reply', id: to, args: [text] } : { op: 'send', args: [text] });
  if (answer.error) return log('', 'not sent: ' + answer.error, 'note');
  $('text').value = '';
  log((Page.member && !to ? 'this page' : 'you') + (to ? ' to ' + $('to').selectedOptions[0].text : ''), text);
});

$('entry').addEventListener('submit', async (event) => {
  event.preventDefault();
  const op = event.submitter ? event.submitter.value : 'get', key = $('key').value;
  const request = { op, key: bin(key) };
  if (op === 'set') request.value = $('value').value;
  $('answer').className = '';
  $('answer').textContent = '…';
  const started = performance.now();
  const answer = await call(request);
  const took = Math.round(performance.now() - started);
  if (Array.isArray(answer.path)) { path = answer.path[0] === self ? answer.path : [self, ...answer.path]; draw(); }
  const steps = Math.max(0, path.length - 1);
  const hops = Array.isArray(answer.path) ? `, ${steps} hop${steps === 1 ? '' : 's'}` : '';
  if (answer.error) { $('answer').className = 'bad'; $('answer').textContent = answer.error; return; }
  const words = { get: answer.result === null || answer.result === undefined ? 'no such key' : shown(answer.result), set: 'kept', del: 'deleted' };
  $('answer').textContent = `${words[op]} (${took} ms${hops})`;
  if (op === 'get') $('value').value = answer.result === null || answer.result === undefined ? '' : shown(answer.result);
});

let tableTimer = 0;
function dictionaryChanged(line) {
  if (line.ev && line.ev !== 'update' && kind === 'sync' || line.ev === 'add') log('', `${shown(line.key)} ${line.ev === 'add' ? 'was put' : 'was deleted'}`, 'note');
  if (kind !== 'sync') return;
  clearTimeout(tableTimer);
  tableTimer = setTimeout(async () => {
    const { result } = await call({ op: 'data' });
    if (!Array.isArray(result)) return;
    $('table').tBodies[0].replaceChildren(...result.slice(0, 500).map(([key, value]) => {
      const row = document.createElement('tr');
      row.insertCell().textContent = shown(key);
      row.insertCell().textContent = shown(value);
      row.addEventListener('click', () => { $('key').value = shown(key); $('value').value = shown(value); });
      return row;
    }));
  }, 100);
}

// ---- the page as a node of its own

const Page = { way: '', subnet: 'mesh', member: null };
$('join').addEventListener('click', async () => {
  if (Page.member) { Page.member.leave(); return; }
  const { hostname } = location, port = Page.way.slice(Page.way.lastIndexOf(':') + 1);
  $('join').disabled = true;
  try {
    Page.member = await Member.join(`ws://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}/`, Page.subnet, {
      message: (from, values) => log(short(from) + ' → page', values.map(String).join(' ')),
      left: (why) => { Page.member = null; $('join').textContent = 'Join the network'; $('memberstate').textContent = 'Left: ' + why; soon(); },
    });
    $('memberstate').textContent = `This page is node ${short(Page.member.id)} of the network.`;
    $('join').textContent = 'Leave';
    soon();
  } catch (error) {
    $('memberstate').textContent = 'Could not join: ' + error.message;
  }
  $('join').disabled = false;
});

document.addEventListener('visibilitychange', () => { if (!document.hidden) soon(); });
open();
