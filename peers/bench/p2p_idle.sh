#!/usr/bin/env bash
# Memory of `peer` for each idle link: what the process holds with COUNT links less what it held with none.
#   p2p_idle.sh [COUNT]
# The links come from a script that shakes hands with an id of its own on each. Socket buffers of the kernel are not in it.
set -eu
here=$(cd "$(dirname "$0")" && pwd); root=$(cd "$here/../.." && pwd)
count=${1:-1000}; python=$root/target/peers/py2p/bin/python
[ -x "$python" ] || { echo "p2p_idle: skipped: py2p's environment is not installed (peers/install)"; exit 0; }
ulimit -n $((count + 200)) 2>/dev/null || { echo "p2p_idle: skipped: no $count files may be open here"; exit 0; }
cargo build -q --release -p apps --bin peer
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
work=$(mktemp -d); peer=; links=
finish() { [ -z "$peer" ] || kill -9 "$peer" || true; [ -z "$links" ] || kill -9 "$links" || true; rm -rf "$work"; }
trap finish EXIT
until_ok() { for ((w = 0; w < 1500; w++)); do "$@" && return 0; sleep 0.02; done; return 1; }
held() { awk '$1 == "Anonymous:" { print $2 }' "/proc/$peer/smaps_rollup"; }
host=127.0.0.$((20 + RANDOM % 200)); port=$((24000 + RANDOM % 7000))
mkfifo "$work/in" "$work/hold"; exec 8<>"$work/in" 9<>"$work/hold"
"$target/release/peer" --json --kind mesh --host $host --port $port --max-incoming $((count + 10)) \
  <"$work/in" >"$work/out" 2>"$work/err" & peer=$!
until_ok grep -qs '"ready"' "$work/out" || { echo "p2p_idle: peer does not start"; cat "$work/err"; exit 1; }
"$python" "$here/p2p_links.py" $host $port 10 <"$work/hold" >"$work/warm" 2>&1 & links=$! # what only the first need
until_ok grep -qs ready "$work/warm"; kill -9 $links; wait $links 2>/dev/null || true; sleep 1
before=$(held)
"$python" "$here/p2p_links.py" $host $port "$count" <"$work/hold" >"$work/links" 2>&1 & links=$!
until_ok grep -qs ready "$work/links" || { echo "p2p_idle: no $count links:"; tail -3 "$work/links" "$work/err"; exit 1; }
sleep 2; after=$(held)
awk -v b="$before" -v a="$after" -v n="$count" 'BEGIN {
  printf "| program | idle links | KiB with none | KiB with all | bytes a link |\n|---|---|---|---|---|\n"
  printf "| ours | %d | %d | %d | %d |\n", n, b, a, (a - b) * 1024 / n }'
