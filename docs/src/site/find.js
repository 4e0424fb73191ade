// The search box. Its index is a script, so that it works without a server; it is loaded when the box is used first.
"use strict";
{
  const box = one("#site-search"), found = one("#site-found");
  const LEVELS = ["MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"], STATES = ["tested", "met", "skipped", "todo", "open"];
  const ITEMS = { f: "fn", s: "struct", e: "enum", t: "trait", c: "const", a: "static", y: "type", m: "macro" };
  const GROUP = 7;
  let rows = null, picked = 0;

  box.addEventListener("focus", () => {
    if (rows) return show();
    rows = [];
    const script = document.createElement("script");
    script.src = root.dataset.root + "search.js";
    script.onload = () => { rows = flat(window.INDEX); show(); };
    document.head.append(script);
  });

  const plain = (text) => text.toLowerCase().replace(/[-_]/g, " ");

  // One row for each thing that can be found: group, name, aside, words, address, and both texts to look through.
  function flat(index) {
    const out = [];
    const add = (group, name, aside, words, address, key = name) =>
      out.push({ group, name, aside, words, address, key: plain(key), text: plain(words) });
    for (const [name, title, sections] of index.documents) {
      add("Documents", title, "", "", `spec/${name}.html`, name + " " + title);
      for (const [number, heading, requirements] of sections) {
        add("Sections", `${name}#${number}`, "", heading, `spec/${name}.html#${number}`);
        for (const [slug, level, state, words] of requirements) {
          const id = `${number}/${slug}`;
          add("Requirements", `${name}#${id}`, `${LEVELS[level]}, ${STATES[state]}`, words, `spec/${name}.html#${id}`);
        }
      }
    }
    for (const [path, items] of index.sources) {
      add("Files", path, "", "", `src/${path}.html`);
      for (const item of items) {
        const name = item.slice(1);
        add("Items", name, ITEMS[item[0]], path, `src/${path}.html#${name}`);
      }
    }
    for (const [address, title, parts] of index.pages) {
      for (const [anchor, heading, words] of parts) {
        const name = heading && heading !== title ? `${title}: ${heading}` : title;
        add("Guide", name, "", words, anchor ? `${address}#${anchor}` : address);
      }
    }
    return out;
  }

  // How well a row fits, or 0: every word has to occur; names count more than words, whole words more than parts.
  function rank(row, words, phrase) {
    let sum = 0;
    for (const word of words) {
      const at = row.key.indexOf(word);
      if (at >= 0) {
        const starts = at === 0 || !/[a-z0-9]/.test(row.key[at - 1]);
        sum += (starts ? 40 : 15) + (starts && !/[a-z0-9]/.test(row.key[at + word.length] || " ") ? 20 : 0);
      } else {
        const inside = row.text.indexOf(word);
        if (inside < 0) return 0;
        sum += inside === 0 || !/[a-z0-9]/.test(row.text[inside - 1]) ? 10 : 3;
      }
    }
    const tail = row.key.slice(Math.max(row.key.lastIndexOf("/"), row.key.lastIndexOf(":")) + 1).trim();
    if (row.key === phrase) sum += 200;
    else if (tail === phrase) sum += 120;
    else if (row.key.includes(phrase)) sum += 20;
    if (words.length > 1 && row.text.includes(phrase)) sum += 15;
    return sum - Math.min(row.key.length, 60) / 10;
  }

  function search(query) {
    const phrase = plain(query.trim()), words = phrase.split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    const groups = new Map();
    for (const row of rows) {
      const value = rank(row, words, phrase);
      if (value <= 0) continue;
      if (!groups.has(row.group)) groups.set(row.group, []);
      groups.get(row.group).push([value, row]);
    }
    const sorted = [...groups].map(([name, list]) => [name, list.sort((a, b) => b[0] - a[0])]);
    return sorted.sort((a, b) => b[1][0][0] - a[1][0][0]);
  }

  function element(tag, text, attributes = {}) {
    const made = document.createElement(tag);
    made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  }

  // The text with the words that were looked for marked, from a little before the first of them.
  function marked(tag, text, words) {
    const made = document.createElement(tag), low = plain(text);
    const first = Math.min(...words.map((word) => low.indexOf(word)).filter((at) => at >= 0), text.length);
    const from = tag === "span" && first < text.length && first > 110 ? text.lastIndexOf(" ", first - 60) + 1 : 0;
    if (from) made.append("\u2026 ");
    let at = from;
    const end = tag === "span" ? Math.min(text.length, from + 260) : text.length;
    while (at < end) {
      const hits = words.map((word) => [low.indexOf(word, at), word.length]).filter(([hit, length]) => hit >= 0 && length > 1);
      const [hit, length] = hits.sort((a, b) => a[0] - b[0] || b[1] - a[1])[0] || [end, 0];
      made.append(text.slice(at, Math.min(hit, end)));
      if (hit < end) made.append(element("mark", text.slice(hit, hit + length)));
      at = hit + Math.max(length, 1);
    }
    return made;
  }

  function show() {
    const words = plain(box.value.trim()).split(/\s+/).filter(Boolean);
    const groups = search(box.value);
    const parts = [];
    for (const [name, list] of groups) {
      parts.push(element("h2", list.length > GROUP ? `${name}, ${GROUP} of ${list.length}` : name));
      for (const [, row] of list.slice(0, GROUP)) {
        const link = element("a", "", { href: root.dataset.root + encodeURI(row.address), role: "option", id: "found-" + parts.length, tabindex: "-1" });
        link.append(marked("b", row.name, words), element("small", row.aside));
        if (row.words) link.append(marked("span", row.words, words));
        parts.push(link);
      }
    }
    if (box.value.trim() && !parts.length) parts.push(element("p", "Nothing found."));
    found.replaceChildren(...parts);
    found.hidden = !parts.length;
    box.setAttribute("aria-expanded", String(!found.hidden));
    pick(0);
  }

  function pick(index) {
    const links = all("a", found);
    picked = Math.max(0, Math.min(links.length - 1, index));
    links.forEach((link, number) => link.setAttribute("aria-selected", String(number === picked)));
    if (links[picked]) {
      box.setAttribute("aria-activedescendant", links[picked].id);
      links[picked].scrollIntoView({ block: "nearest" });
    }
  }

  function close() {
    found.hidden = true;
    box.setAttribute("aria-expanded", "false");
  }

  box.addEventListener("input", show);
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      pick(picked + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !found.hidden) {
      event.preventDefault();
      const link = all("a", found)[picked];
      if (link) { close(); box.blur(); link.click(); }
    } else if (event.key === "Escape") {
      close();
      box.blur();
    }
  });
  found.addEventListener("click", (event) => { if (event.target.closest("a")) close(); });
  addEventListener("click", (event) => { if (!event.target.closest("#site-found, #site-search")) close(); });
}
