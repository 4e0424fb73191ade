#!/usr/bin/env node
'use strict';
// Drives the page of `peer --http` in headless Chromium as a person would: node check.js PEER-BINARY SCREENSHOT-FOLDER
// Says what it saw, a line each; exit status 1 when anything differs from what must be seen.
const { spawn } = require('child_process');
const { chromium } = require('playwright-core');
const [, , program, shots] = process.argv;
const LIMIT = 20000;
let failures = 0;
const children = new Set();

function check(name, passed, found) {
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name}${passed ? '' : `: found ${JSON.stringify(found)}`}`);
  if (!passed) failures += 1;
}

/// Starts a node and resolves with its `ready` event.
function start(kind, ...options) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [kind, '--json', ...options], { stdio: ['pipe', 'pipe', 'inherit'] });
    children.add(child);
    child.on('exit', () => children.delete(child));
    child.on('error', reject);
    require('readline').createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text);
      if (line.ev === 'ready') resolve(Object.assign(line, { child }));
    });
    setTimeout(() => reject(new Error(`no ready event from ${kind} ${options.join(' ')}`)), LIMIT).unref();
  });
}
const at = (node, transport = 'tcp') => node.listen.find((address) => address.startsWith(transport + ':')).slice(transport.length + 1);
const stop = async () => { for (const child of children) child.kill('SIGKILL'); children.clear(); };

/// Waits until `read` gives `wanted` (or satisfies it), and reports.
async function sees(name, read, wanted) {
  const meets = typeof wanted === 'function' ? wanted : (value) => value === wanted;
  const until = Date.now() + LIMIT;
  let found;
  do {
    found = await read();
    if (meets(found)) return check(name, true);
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (Date.now() < until);
  check(name, false, found);
}

async function open(browser, node, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
  const page = await context.newPage();
  page.problems = [];
  page.on('console', (message) => { if (message.type() === 'error') page.problems.push(message.text()); });
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('request', (request) => { if (!request.url().startsWith(node.http) && !/^data:/.test(request.url())) page.problems.push(request.url()); });
  await page.goto(node.http);
  return page;
}
const drawn = (page) => page.locator('#nodes g').count();
const heard = (page) => page.locator('#log').innerText();
const picture = (page, name) => page.screenshot({ path: `${shots}/${name}.png` });

async function mesh(browser) {
  const a = await start('mesh', '--listen', 'tcp:127.0.0.1:0', '--listen', 'ws:127.0.0.1:0', '--http', '127.0.0.1:0', '--name', 'anna');
  const b = await start('mesh', '--listen', 'tcp:127.0.0.1:0', '--seed', at(a), '--http', '127.0.0.1:0', '--name', 'ben');
  const c = await start('mesh', '--listen', 'tcp:127.0.0.1:0', '--seed', at(a), '--name', 'cleo');
  const [first, second] = [await open(browser, a), await open(browser, b)];
  await sees('mesh: three nodes are drawn', () => drawn(first), 3);
  await sees('mesh: the other page draws them too', () => drawn(second), 3);
  await first.fill('#text', 'hello from the first page');
  await first.press('#text', 'Enter');
  await sees('mesh: a message typed in one page appears in the other', () => heard(second), (text) => text.includes('anna') && text.includes('hello from the first page'));
  await second.selectOption('#to', { label: 'anna' });
  await second.fill('#text', 'for anna alone');
  await second.click('#send button');
  await sees('mesh: a message to one node appears there', () => heard(first), (text) => text.includes('for anna alone'));
  await start('mesh', '--listen', 'tcp:127.0.0.1:0', '--seed', at(b), '--name', 'dora');
  await sees('mesh: a node that joins is drawn', () => drawn(first), 4);
  c.child.kill('SIGKILL');
  await sees('mesh: a node that was killed is gone', () => drawn(first), 3);
  await sees('mesh: from the other page too', () => drawn(second), 3);
  await first.click('#join');
  await sees('mesh: the page itself joins as a node', () => drawn(second), 4);
  await first.fill('#text', 'a page speaks');
  await first.press('#text', 'Enter');
  await sees('mesh: what it says as a node arrives', () => heard(second), (text) => text.includes('a page speaks'));
  await second.selectOption('#to', '');
  await second.fill('#text', 'ben to all');
  await second.press('#text', 'Enter');
  await sees('mesh: and it hears the others as a node', () => heard(first), (text) => text.includes('→ page') && text.includes('ben to all'));
  await picture(first, 'mesh');
  await first.click('#join');
  await sees('mesh: and leaves again', () => drawn(second), 3);
  for (const page of [first, second]) check('mesh: no console error, no request elsewhere', page.problems.length === 0, page.problems);
  b.child.kill('SIGKILL');
  await sees('mesh: a page whose node died says so', () => second.locator('#health').innerText(), (text) => text.includes('not reachable'));
  await stop();
}

async function sync(browser) {
  const a = await start('sync', '--listen', 'tcp:127.0.0.1:0', '--http', '127.0.0.1:0');
  const b = await start('sync', '--listen', 'tcp:127.0.0.1:0', '--seed', at(a), '--http', '127.0.0.1:0');
  const [first, second] = [await open(browser, a), await open(browser, b, { viewport: { width: 390, height: 844 } })];
  await sees('sync: both nodes are drawn', () => drawn(first), 2);
  await first.fill('#key', 'colour');
  await first.fill('#value', 'green');
  await first.click('button[value=set]');
  await sees('sync: what one page puts, the other shows', () => second.locator('#table').innerText(), (text) => text.includes('colour') && text.includes('green'));
  await second.fill('#key', 'colour');
  await second.click('button[value=get]');
  await sees('sync: and gets', () => second.locator('#answer').innerText(), (text) => text.includes('green'));
  await second.waitForTimeout(1100); // two writes of one second are judged by the writers' ids, not by the lease
  await second.fill('#value', 'red');
  await second.click('button[value=set]');
  await sees('sync: a leased key is refused to others, in words', () => second.locator('#answer.bad').count(), 1);
  await picture(second, 'sync-phone');
  await first.click('button[value=del]');
  await sees('sync: what is deleted disappears', () => second.locator('#table').innerText(), (text) => !text.includes('colour'));
  for (const page of [first, second]) check('sync: no console error, no request elsewhere', page.problems.length === 0, page.problems);
  await stop();
}

async function chord(browser) {
  const nodes = [await start('chord', '--listen', 'tcp:127.0.0.1:0', '--http', '127.0.0.1:0', '--name', 'anna')];
  for (let n = 1; n < 12; n++) nodes.push(await start('chord', '--listen', 'tcp:127.0.0.1:0', '--seed', at(nodes[0])));
  const page = await open(browser, nodes[0], { colorScheme: 'dark' });
  await sees('chord: twelve nodes are drawn', () => drawn(page), 12);
  await sees('chord: the ring is closed', () => page.locator('#edges .successor').count(), 12);
  await page.fill('#key', 'colour');
  await page.fill('#value', 'green');
  await page.click('button[value=set]');
  await sees('chord: a value is put', () => page.locator('#answer').innerText(), (text) => text.startsWith('kept'));
  await page.fill('#value', '');
  await page.click('button[value=get]');
  await sees('chord: and got', () => page.locator('#answer').innerText(), (text) => text.includes('green'));
  let arrows = 0;
  for (let n = 0; n < 40 && arrows === 0; n++) { // some keys are this node's own
    await page.fill('#key', 'key ' + n);
    await page.click('button[value=get]');
    await sees(`chord: the lookup of key ${n} ends`, () => page.locator('#answer').innerText(), (text) => text.startsWith('no such key'));
    arrows = await page.locator('#path path').count();
  }
  check('chord: a lookup draws its path', arrows > 0, arrows);
  await picture(page, 'chord');
  nodes[5].child.kill('SIGKILL');
  await sees('chord: a node that was killed is gone', () => drawn(page), 11);
  await sees('chord: and the ring closes again', () => page.locator('#edges .successor').count(), 11);
  check('chord: no console error, no request elsewhere', page.problems.length === 0, page.problems);
  await stop();
}

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  console.log('Chromium ' + browser.version());
  try {
    for (const part of [mesh, sync, chord]) await part(browser);
  } finally {
    await stop();
    await browser.close();
  }
  console.log(failures ? `${failures} FAILED` : 'the page shows what it must');
  process.exit(failures ? 1 : 0);
})().catch((error) => { console.log('FAILED ' + (error.stack || error)); process.exit(1); });
