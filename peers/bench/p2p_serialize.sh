#!/usr/bin/env bash
# A message to its frame and back: ours beside py2p and js2p, as CPU time a message and as ratios, measured one after the
# other on this machine. Nobody is faster than SHA-256 over the message: its time stands beside ours.
# The interpreter with py2p is PY2P_PYTHON, the folder of js2p is JS2P; by default those that peers/p2p/install puts under
# target/peers. A program that is not there is left out, and said so.
set -eu
here=$(cd "$(dirname "$0")" && pwd); root=$(cd "$here/../.." && pwd)
python=${PY2P_PYTHON:-$root/target/peers/py2p/bin/python}
export JS2P=${JS2P:-$root/target/peers/js2p/node_modules/js2p}
lines=$(mktemp); trap 'rm -f "$lines"' EXIT
if "$python" -c 'import py2p' 2>/dev/null; then "$python" "$here/p2p_serialize.py" >> "$lines"
else echo "p2p_serialize: py2p is not installed (peers/p2p/install): left out"; fi
if command -v node >/dev/null && [ -d "$JS2P" ]; then node "$here/p2p_serialize.js" >> "$lines"
else echo "p2p_serialize: js2p is not installed (peers/p2p/install): left out"; fi
# Freed memory stays with the process, as in a program that runs on and not from one sample to the next.
export MALLOC_TRIM_THRESHOLD_=1000000000 MALLOC_TOP_PAD_=67108864
(cd "$root" && ${CARGO:-cargo} bench -q -p serializer --bench p2p_message -- serialize sha256) \
  | sed -e 's/[├╰]─/+-/g' -e 's/│/|/g' -e 's/µs/us/g' >> "$lines"
awk '
function ns(text, unit) { return text * (unit == "us" ? 1e3 : unit == "ms" ? 1e6 : unit == "s" ? 1e9 : 1) }
/^[pj]s?y?2p / { other[$1, $2, $3, $4] = $5; next }
/\+- / {
  at = index($0, "+- "); rest = substr($0, at + 3); split(rest, word, /[ \t|]+/)
  if (at == 1) group = word[1]
  else { split(rest, column, "|"); split(column[3], v, " "); median[group, word[1]] = ns(v[1], v[2]) }
}
function ratio(theirs, ours) { return theirs && ours ? sprintf("%.1f", theirs / ours) : "-" }
END {
  print "| what | bytes | ours, ns | SHA-256 alone, ns | py2p / ours | js2p / ours |\n|---|---|---|---|---|---|"
  split("plain snappy zlib", methods, " "); split("serialize deserialize", whats, " "); split("64 1024 65536", sizes, " ")
  for (m = 1; m <= 3; m++) for (w = 1; w <= 2; w++) for (s = 1; s <= 3; s++) {
    ours = median[whats[w] "_" methods[m], sizes[s]]
    printf "| %s, %s | %d | %.0f | %.0f | %s | %s |\n", whats[w], methods[m], sizes[s], ours, median["sha256_alone", sizes[s]],
      ratio(other["py2p", whats[w], methods[m], sizes[s]], ours), ratio(other["js2p", whats[w], methods[m], sizes[s]], ours)
  }
}' "$lines"
