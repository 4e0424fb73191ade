#!/usr/bin/env node
'use strict';
// From the front page of the site to the definition of timer A: node newcomer.js SITE-FOLDER
// Prints each click with its time; exit status 1 when a way takes more than three of them.
const { chromium } = require('playwright-core');
const [, , site] = process.argv;
const LIMIT = 3;

async function way(browser, name, steps) {
  const page = await (await browser.newContext({ viewport: { width: 1400, height: 900 } })).newPage();
  await page.goto(`file://${site}/index.html`);
  const start = Date.now();
  let clicks = 0;
  const click = async (what, locator) => {
    await locator.click();
    clicks += 1;
    console.log(`  click ${clicks}: ${what} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  };
  console.log(name);
  await steps(page, click);
  const line = page.locator('.row:has(.mark :target) .g').first();
  await line.waitFor();
  const row = await page.locator('.row:has(.mark :target)').innerText();
  const { top, bottom } = await line.evaluate((element) => element.getBoundingClientRect());
  const is_there = bottom > 0 && top < 900 && /Arm\(A\)/.test(row);
  const where = decodeURIComponent(page.url().slice(page.url().indexOf('/src/') + 5));
  console.log(`  ${is_there && clicks <= LIMIT ? 'ok' : 'FAILED'}: ${clicks} clicks to ${where}`);
  return is_there && clicks <= LIMIT;
}

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  const code = (page) => page.locator('[id="17.1.1.2/timer-a"] .places a').first();
  const results = [
    await way(browser, 'by search', async (page, click) => {
      await click('the search box', page.locator('#site-search'));
      await page.keyboard.type('timer a');
      await click('the first that is found', page.locator('#site-found a').first());
      await click('its code', code(page));
    }),
    await way(browser, 'by links alone', async (page, click) => {
      await click('See the coverage', page.getByRole('link', { name: 'See the coverage' }));
      await click('RFC 3261', page.getByRole('link', { name: 'RFC 3261 SIP' }).first());
      await click('the code of timer-a', code(page));
    }),
  ];
  await browser.close();
  process.exit(results.every(Boolean) ? 0 : 1);
})().catch((error) => { console.log('FAILED ' + (error.stack || error)); process.exit(1); });
