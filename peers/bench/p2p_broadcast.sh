#!/usr/bin/env bash
# CPU time per delivered broadcast: ten processes of `peer`, then of py2p, then of js2p, in turn on this machine.
#   p2p_broadcast.sh [ROUNDS] [MESSAGES]
# Every program takes commands and tells events as JSON lines; what that costs is included for all three. Ours and py2p
# dial the first node and link among themselves as they like (4 to 9 links each); js2p, whose larger networks fall apart
# when it does so, stands in a chain. The last node sends, five
# messages every 20 ms, no compression. Last: one table with the ratios.
set -eu
here=$(cd "$(dirname "$0")" && pwd); root=$(cd "$here/../.." && pwd)
rounds=${1:-3}; messages=${2:-1000}; nodes=10
python=$root/target/peers/py2p/bin/python
if [ ! -x "$python" ] || ! command -v node >/dev/null || [ ! -d "$root/target/peers/js2p/node_modules" ]; then
  echo "p2p_broadcast: skipped: py2p and js2p are not installed (peers/install)"; exit 0
fi
cargo build -q --release -p apps --bin peer
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
export JS2P=$root/target/peers/js2p/node_modules/js2p
work=$(mktemp -d); pids=()
finish() { for p in "${pids[@]}"; do kill -9 "$p" 2>/dev/null || true; done; rm -rf "$work"; }
trap finish EXIT

# Waits up to half a minute until a command succeeds.
until_ok() { for ((w = 0; w < 1500; w++)); do "$@" && return 0; sleep 0.02; done; return 1; }
# All CPU time so far of the processes, in ns.
cpu() {
  local p sum=0 f
  for p in "${pids[@]}"; do for f in /proc/"$p"/task/*/schedstat; do read -r ns _ < "$f"; sum=$((sum + ns)); done; done
  echo $sum
}
heard() { cat "$work"/out.* | grep -c '"ev": *"message"' || true; }
settled() { [ "$(heard)" -ge $((messages * (nodes - 1))) ]; }
# The list of peers is answered with at least one.
linked() { echo '{"op":"peers","n_":"p"}' >&"${to[$1]}"; sleep 0.02; grep -qs '"id".*"re": *"p"\|"re": *"p".*"id"' "$work/out.$1"; }

measure() { # label command...
  local label=$1 i port before after sent=0; shift
  pids=(); to=(); base=$((24000 + RANDOM % 7000))
  for ((i = 0; i < nodes; i++)); do
    port=$((base + i)); host=127.0.0.$((20 + i))
    [ "$label" != js2p ] || host=127.0.0.1
    mkfifo "$work/in.$i"; exec {fd}<>"$work/in.$i"; to[i]=$fd
    "$@" --kind mesh --host $host --port $port --compression none <"$work/in.$i" >"$work/out.$i" 2>/dev/null & pids[i]=$!
    until_ok grep -qs '"ready"' "$work/out.$i" || { echo "$label does not start" >&2; return 1; }
    if [ $i -gt 0 ]; then
      echo "{\"op\":\"connect\",\"host\":\"${first%:*}\",\"port\":${first#*:}}" >&"$fd"
      until_ok linked $i || { echo "$label: node $i has no link" >&2; return 1; }
    fi
    if [ $i = 0 ] || [ "$label" = js2p ]; then first=$host:$port; fi
  done
  sleep 1; before=$(cpu)
  while [ $sent -lt "$messages" ]; do
    for i in 1 2 3 4 5; do
      echo "{\"op\":\"send\",\"args\":[\"message $sent of the bench\"]}" >&"${to[nodes - 1]}"; sent=$((sent + 1))
    done
    sleep 0.02
  done
  until_ok settled || true
  after=$(cpu)
  echo "$label $(((after - before) / 1000)) $(heard)"
  for i in "${!pids[@]}"; do kill -9 "${pids[i]}"; wait "${pids[i]}" 2>/dev/null || true; exec {to[i]}>&-; done
  pids=(); rm -f "$work"/in.* "$work"/out.*
}
for ((r = 0; r < rounds; r++)); do
  measure ours "$target/release/peer" --json
  measure py2p "$python" "$root/peers/p2p/py2p_peer.py"
  measure js2p node "$root/peers/p2p/js2p_peer.js"
done | tee "$work/rows" >&2
awk -v want=$((messages * (nodes - 1))) '
{ n[$1]++; per[$1, n[$1]] = $2 / $3; got[$1] += $3 }
function med(k,   i, j, m, a, t) { m = n[k]; for (i = 1; i <= m; i++) a[i] = per[k, i]
  for (i = 1; i <= m; i++) for (j = i + 1; j <= m; j++) if (a[j] < a[i]) { t = a[i]; a[i] = a[j]; a[j] = t }
  return a[int((m + 1) / 2)] }
END { print "| program | CPU a delivery, us | times ours | delivered |\n|---|---|---|---|"
  split("ours py2p js2p", ks)
  for (i = 1; i <= 3; i++) if (n[k = ks[i]])
    printf "| %s | %.1f | %.1f | %.1f %% |\n", k, med(k), med(k) / med("ours"), 100 * got[k] / n[k] / want }' "$work/rows"
