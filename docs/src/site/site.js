// Light and dark, keys, the cards of a source, the filters of a document, tables that sort. Search is in find.js.
"use strict";
const root = document.documentElement;
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);
const go = (path) => { location.href = root.dataset.root + path; };
const is_narrow = () => matchMedia("(max-width: 64rem)").matches;

// Light and dark: what the system says until someone chooses.
function toggle_theme() {
  const is_dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = is_dark ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch { /* not remembered */ }
}
one("#site-theme").addEventListener("click", toggle_theme);

// On a phone the contents are folded away.
if (is_narrow()) all("details.side").forEach((side) => { side.open = false; });

// Cards of a source, requirements of a document, or headings of a page: what j and k walk through.
const stops = all(".card").length ? all(".card") : all(".req").length ? all(".req") : all("main h2");
let at = -1, opened = null;

function walk(step) {
  const shown = stops.filter((stop) => stop.offsetParent !== null || stop.closest(".left"));
  if (!shown.length) return;
  let next = shown.indexOf(stops[at]) + step;
  if (at < 0) { // start from what is on the screen
    next = shown.findIndex((stop) => place_of(stop).getBoundingClientRect().top > 60);
    if (next < 0) next = step > 0 ? 0 : shown.length - 1;
  }
  aim(shown[Math.max(0, Math.min(shown.length - 1, next))]);
}
const place_of = (stop) => (stop.matches(".card") && !is_narrow() ? one("pre", stop.closest(".row")) : stop);

function aim(stop) {
  all(".current").forEach((old) => old.classList.remove("current"));
  at = stops.indexOf(stop);
  stop.classList.add("current");
  if (opened) opened.open = false;
  opened = stop.matches("details") && !stop.open ? stop : null;
  if (opened) opened.open = true;
  place_of(stop).scrollIntoView({ block: "start" });
  const focus = one("summary", stop) || one("a", stop);
  if (focus) focus.focus({ preventScroll: true });
}

// An address that names a card, or something that a filter hides.
function arrive() {
  let name = "";
  try { name = decodeURIComponent(location.hash.slice(1)); } catch { /* no anchor of ours */ }
  all(".aimed").forEach((old) => old.classList.remove("aimed"));
  if (!name) return;
  const card = all(".card").find((known) => known.dataset.for === name);
  if (card) {
    card.classList.add("aimed");
    card.open = true;
    if (is_narrow()) card.scrollIntoView();
    at = stops.indexOf(card);
  }
  const target = document.getElementById(name);
  if (target && target.closest("[hidden]")) { one(".filters").reset(); filter(); target.scrollIntoView(); }
  for (let outer = target && target.closest("details"); outer; outer = outer.parentElement.closest("details")) outer.open = true;
  const index = target ? stops.indexOf(target) : -1;
  if (index >= 0) at = index;
}
addEventListener("hashchange", arrive);
arrive();

// A click on the number of a line puts it into the address.
all("pre.code").forEach((code) => code.addEventListener("click", (event) => {
  const line = event.target.closest("pre.code > span");
  if (line && event.target === line && event.clientX - line.getBoundingClientRect().left < 52) location.hash = line.id;
}));

// Filters of a document.
function filter() {
  const form = one(".filters");
  const words = form.words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const is_open = !words.length && !form.level.value && !form.state.value;
  let count = 0;
  for (const req of all(".req")) {
    const text = req.id.toLowerCase() + " " + req.textContent.toLowerCase();
    const fits = words.every((word) => text.includes(word))
      && (!form.level.value || req.dataset.level === form.level.value)
      && (!form.state.value || req.dataset.state === form.state.value);
    req.hidden = !fits;
    count += fits;
  }
  for (const section of all("main > section")) section.hidden = !is_open && !all(".req", section).some((req) => !req.hidden);
  one("output", form).textContent = is_open ? `${count} requirements` : `${count} of ${all(".req").length} requirements`;
}
const form = one(".filters");
if (form) {
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
}

// Tables that sort by a click on a heading.
for (const table of all("table.sortable")) {
  all("thead th", table).forEach((head, column) => {
    const button = document.createElement("button");
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => sort(table, head, column));
  });
}
function sort(table, head, column) {
  const value = (row) => row.children[column].dataset.value ?? row.children[column].textContent.trim();
  const is_number = all("tbody tr", table).every((row) => !isNaN(value(row)));
  const order = head.getAttribute("aria-sort") === (is_number ? "descending" : "ascending") ? -1 : 1;
  const compare = (a, b) => (is_number ? value(b) - value(a) : value(a).localeCompare(value(b), "en", { numeric: true }));
  one("tbody", table).append(...all("tbody tr", table).sort((a, b) => order * compare(a, b)));
  all("th", table).forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", (order > 0) === is_number ? "descending" : "ascending");
}

// Keys.
const KEYS = [
  ["/", "search", () => one("#site-search").focus()],
  ["j", "next card, requirement or heading", () => walk(1)],
  ["k", "the one before", () => walk(-1)],
  ["n", "", () => walk(1)],
  ["p", "", () => walk(-1)],
  ["o", "open or close the card", () => { if (stops[at]) stops[at].open = !stops[at].open; }],
  ["e", "open or close all cards", () => {
    const cards = all(".card"), open = cards.some((card) => !card.open);
    cards.forEach((card) => { card.open = open; });
  }],
  ["m", "show the marks in the code", () => { root.dataset.marks = root.dataset.marks === "show" ? "" : "show"; }],
  ["f", "filter requirements", () => { if (form) form.words.focus(); }],
  ["[", "page before", () => follow('[rel="prev"]')],
  ["]", "next page", () => follow('[rel="next"]')],
  ["t", "light or dark", toggle_theme],
  ["?", "these keys", help],
  ["g h", "go to the front page", () => go("index.html")],
  ["g g", "go to the guide", () => go("guide/index.html")],
  ["g s", "go to the source", () => go("rooms/index.html")],
  ["g c", "go to the coverage", () => go("coverage.html")],
  ["g a", "go to the API reference", () => go("api/wire/index.html")],
  ["g u", "go up, from a source to its room", () => { const up = all(".crumbs a")[1]; if (up) up.click(); }],
];
const follow = (selector) => { const link = one(".neighbours " + selector); if (link) link.click(); };

function help() {
  let box = one("dialog");
  if (!box) {
    box = document.createElement("dialog");
    const row = ([key, words]) => `<dt>${key.split(" ").map((part) => `<kbd>${part}</kbd>`).join(" ")}</dt><dd>${words}</dd>`;
    box.innerHTML = `<h2>Keys</h2><dl>${KEYS.filter((key) => key[1]).map(row).join("")}</dl>`;
    box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
    document.body.append(box);
  }
  if (box.open) box.close(); else box.showModal();
}
one("#site-help").addEventListener("click", help);

let before = "";
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const pair = before === "g" ? "g " + event.key : event.key;
  before = before === "g" ? "" : event.key;
  const known = KEYS.find(([key]) => key === pair);
  if (known) { event.preventDefault(); known[2](); }
});
