#!/usr/bin/env node
'use strict';
// Reads the site in headless Chromium as a person would: node check.js SITE-FOLDER SCREENSHOT-FOLDER
// Says what it saw, a line each; exit status 1 when anything differs from what must be seen.
const fs = require('fs');
const { chromium } = require('playwright-core');
const [, , site, shots] = process.argv;
const KEY_LIMIT = 50; // ms
let failures = 0;

function check(name, passed, found) {
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name}${passed ? '' : `: found ${JSON.stringify(found)}`}`);
  if (!passed) failures += 1;
}
const WIDE = { viewport: { width: 1400, height: 900 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const address = (path) => `file://${site}/${path}`;
const source = 'src/rfc3261/src/transaction/invite_client.rs.html';
const ID = 'rfc3261#17.1.1.2/timer-a';

// One of each kind.
const PAGES = {
  front: 'index.html',
  contents: 'guide/index.html',
  guide: 'guide/dialer.html',
  machines: 'guide/machines.html',
  reading: 'guide/reading-the-source.html',
  rooms: 'rooms/index.html',
  room: 'rooms/rfc3261.html',
  document: 'spec/rfc3261.html',
  source,
  tests: 'src/rfc3261/tests/header_rules.rs.html',
  program: 'src/apps/src/bin/dialer.rs.html',
  coverage: 'coverage.html',
  changelog: 'changelog.html',
  ladders: 'ladders/index.html',
  ladder: 'ladders/call.html',
};

async function open(browser, path, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.problems = [];
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) page.problems.push(message.text()); });
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('request', (request) => { if (!/^(file|data):/.test(request.url())) page.problems.push(request.url()); });
  await page.goto(address(path));
  return page;
}

/// The texts whose contrast with what is behind them is below WCAG AA, and what sticks out of the page.
function faults(width) {
  const parse = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((part) => (part /= 255, part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const colour = parse(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let count = 0; walker.nextNode() && count < 6000; count++) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility() || element.closest('svg, .zero, script, style')) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) found.add(`contrast ${((a + 0.05) / (b + 0.05)).toFixed(2)}: <${element.tagName.toLowerCase()} class="${element.className}">`);
  }
  if (document.documentElement.scrollWidth > width) {
    const out = [...document.querySelectorAll('main *, header *')].find((element) => element.getBoundingClientRect().right > width + 1);
    found.add(`overflow by ${document.documentElement.scrollWidth - width}: ${out ? out.outerHTML.slice(0, 120) : ''}`);
  }
  for (const wanted of ['header', 'main', 'h1', 'nav[aria-label]']) if (!document.querySelector(wanted)) found.add('no ' + wanted);
  return [...found].slice(0, 5);
}

async function kinds(browser) {
  for (const [name, path] of Object.entries(PAGES)) {
    if (!fs.existsSync(`${site}/${path}`)) { check(`${name}: ${path} is there`, false, path); continue; }
    for (const [looks, options] of [
      ['light', { ...WIDE, colorScheme: 'light' }], ['dark', { ...WIDE, colorScheme: 'dark' }],
      ['phone', { ...PHONE, colorScheme: 'light' }], ['phone-dark', { ...PHONE, colorScheme: 'dark' }],
    ]) {
      const page = await open(browser, path, options);
      const found = await page.evaluate(faults, options.viewport.width);
      check(`${name}, ${looks}: fits, reads well, is silent`, found.length + page.problems.length === 0, [...found, ...page.problems]);
      if (looks === 'light' || looks === 'phone' || name === 'source') await page.screenshot({ path: `${shots}/${name}-${looks}.png` });
      await page.context().close();
    }
  }
}

const first = (page) => page.locator('#site-found a[aria-selected="true"] b').innerText();
const hash = (page) => decodeURIComponent(new URL(page.url()).hash.slice(1));
const is_seen = (locator) => locator.evaluate((element) => {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 60 && top < innerHeight;
});

async function find(page, words) {
  await page.keyboard.press('/');
  await page.keyboard.type(words);
  await page.locator('#site-found a').first().waitFor();
}

async function there_and_back(browser) {
  const page = await open(browser, 'index.html', WIDE);
  await find(page, 'timer a');
  check('search by words finds the requirement', await first(page) === ID, await first(page));
  await page.screenshot({ path: `${shots}/search-light.png` });
  await page.keyboard.press('Enter');
  await page.waitForURL(/rfc3261\.html/);
  check('Enter leads to it', hash(page) === '17.1.1.2/timer-a', page.url());
  check('and it is seen', await is_seen(page.locator(`[id="17.1.1.2/timer-a"]`)), 'not on the screen');
  await page.screenshot({ path: `${shots}/requirement-light.png` });
  await page.locator('[id="17.1.1.2/timer-a"] .places a').first().click();
  await page.waitForURL(/\/src\//);
  const governed = page.locator('.row:has(.mark :target) .g').first();
  check('a click on its code shows the lines that meet it', await is_seen(governed), page.url());
  check('with its card beside them', await page.locator('.card.aimed .id').innerText() === 'timer-a', page.url());
  await page.screenshot({ path: `${shots}/code-light.png` });
  await page.locator('.card.aimed .id').click();
  await page.waitForURL(/\/spec\//);
  check('a click on the card shows the section', await is_seen(page.locator('h2[id="17.1.1.2"]')) || await is_seen(page.locator('[id="17.1.1.2/timer-a"]')), page.url());
  await find(page, ID);
  check('search by id finds it alone first', await first(page) === ID, await first(page));
  await page.keyboard.press('ArrowDown');
  check('arrows choose', await first(page) !== ID, await first(page));
  await page.keyboard.press('Escape');
  check('Escape closes', await page.locator('#site-found').isHidden(), 'open');
  for (const [words, group] of [['Timer::ALL', 'Items'], ['registrar proxy', 'Guide'], ['transaction/timer.rs', 'Files'], ['RFC 8866', 'Documents']]) {
    await page.locator('#site-search').fill(words);
    const groups = await page.locator('#site-found h2').allInnerTexts();
    check(`search for ${words} finds ${group}`, groups.some((name) => name.startsWith(group)), groups);
  }
  const slowest = await page.evaluate(() => {
    const box = document.querySelector('#site-search');
    let slowest = 0;
    for (const words of ['e', 'retransmission of the request', 'rfc3261#17', 'MUST NOT', 'a b c', 'zzzz']) {
      for (let length = 1; length <= words.length; length++) {
        const times = [0, 1, 2].map(() => {
          const start = performance.now();
          box.value = words.slice(0, length);
          box.dispatchEvent(new Event('input'));
          return performance.now() - start;
        });
        slowest = Math.max(slowest, Math.min(...times));
      }
    }
    return slowest;
  });
  console.log(`       the slowest key takes ${slowest.toFixed(1)} ms`);
  check(`a key takes less than ${KEY_LIMIT} ms`, slowest < KEY_LIMIT, slowest);
  check('no console error, no request elsewhere', page.problems.length === 0, page.problems);
  await page.context().close();
}

async function keys(browser) {
  const page = await open(browser, source, WIDE);
  const current = () => page.locator('.card.current .id').innerText();
  await page.keyboard.press('j');
  const one = await current();
  await page.keyboard.press('j');
  const two = await current();
  await page.keyboard.press('k');
  check('j and k walk through the cards', one !== two && await current() === one, [one, two, await current()]);
  await page.keyboard.press('n');
  await page.keyboard.press('p');
  check('so do n and p', await current() === one, await current());
  await page.keyboard.press('m');
  check('m shows the marks', (await page.locator('pre.code .mark').first().boundingBox()).height > 5, 'folded');
  await page.keyboard.press('?');
  check('? shows the keys', await page.locator('dialog').isVisible(), 'hidden');
  await page.screenshot({ path: `${shots}/keys-light.png` });
  await page.keyboard.press('Escape');
  await page.goto(address(source));
  const before = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.keyboard.press('t');
  const after = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.reload();
  check('t turns light into dark, which is remembered', before !== after && await page.evaluate(() => getComputedStyle(document.body).backgroundColor) === after, [before, after]);
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await page.waitForURL(/coverage\.html/);
  const asked = () => page.locator('table.coverage tbody td:first-of-type').allInnerTexts();
  await page.locator('th button', { hasText: 'Asked' }).click();
  const numbers = (await asked()).map(Number);
  check('coverage sorts by a click', numbers.every((number, index) => index === 0 || numbers[index - 1] >= number), numbers.slice(0, 5));
  await page.locator('table.coverage a', { hasText: 'RFC 3261' }).click();
  await page.waitForURL(/rfc3261\.html/);
  await page.keyboard.press('f');
  await page.keyboard.type('timer-a');
  const shown = await page.locator('.req:visible .id').allInnerTexts();
  check('f filters requirements', shown.length > 0 && shown.length < 20, shown.length);
  await page.selectOption('.filters [name=state]', 'skipped');
  check('by state too', (await page.locator('.req:visible').count()) < shown.length, await page.locator('.req:visible').count());
  await page.goto(address(source) + '#L60');
  check('a line has an address', await is_seen(page.locator('#L60')), 'not on the screen');
  await page.goto(address('src/rfc3261/src/ua/mod.rs.html') + '#UserAgent::new');
  check('an item has an address', await is_seen(page.locator('[id="UserAgent::new"]')), 'not on the screen');
  await page.goto(address('src/rfc3261/src/ua/attempt.rs.html'));
  const stays = await page.evaluate(() => { // the longest item with a card, scrolled until its end comes into sight
    const length = (row) => row.querySelectorAll('.g').length;
    const row = [...document.querySelectorAll('.row:has(.stick)')].sort((a, b) => length(b) - length(a))[0];
    const last = [...row.querySelectorAll('.g')].pop();
    scrollBy(0, last.getBoundingClientRect().top - 820);
    const { top, bottom } = row.querySelector('.stick').getBoundingClientRect();
    return { lines: length(row), top, bottom, begin: row.getBoundingClientRect().top };
  });
  check('a card stays while its item scrolls by', stays.lines > 25 && stays.begin < 0 && stays.top > 0 && stays.bottom < 900, stays);
  check('no console error, no request elsewhere', page.problems.length === 0, page.problems);
  await page.context().close();
}

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  console.log('Chromium ' + browser.version());
  try {
    for (const part of [there_and_back, keys, kinds]) await part(browser);
  } finally {
    await browser.close();
  }
  console.log(failures ? `${failures} FAILED` : 'the site shows what it must');
  process.exit(failures ? 1 : 0);
})().catch((error) => { console.log('FAILED ' + (error.stack || error)); process.exit(1); });
