// The search box: every word has to occur; names count more than words.
const box = document.getElementById("search");
const found = document.getElementById("found");

let INDEX = [];
function load() {
  const script = document.createElement("script");
  script.src = document.documentElement.dataset.root + "search.js";
  script.onload = show;
  document.head.append(script);
}
box.addEventListener("focus", load, { once: true });

function search(query) {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word);
  if (!words.length) return [];
  const rows = [];
  for (const row of INDEX) {
    const name = row[1].toLowerCase();
    const all = name + " " + row[2].toLowerCase();
    if (!words.every((word) => all.includes(word))) continue;
    const rank = words.reduce((sum, word) => sum + (name === word ? 0 : name.includes(word) ? 1 : 2), 0);
    rows.push([rank, row]);
  }
  return rows.sort((a, b) => a[0] - b[0]).slice(0, 40).map((row) => row[1]);
}

function show() {
  found.replaceChildren(
    ...search(box.value).map(([kind, name, words, address]) => {
      const link = document.createElement("a");
      link.href = document.documentElement.dataset.root + address;
      const label = document.createElement("b");
      label.textContent = name;
      link.append(kind + " ", label, " " + words);
      return link;
    }),
  );
  found.hidden = !found.childElementCount;
}

box.addEventListener("input", show);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== box) {
    event.preventDefault();
    box.focus();
  } else if (event.key === "Escape") {
    box.value = "";
    show();
  }
});
