#!/usr/bin/env bash
# CPU per call of sip-proxy and of Kamailio under the same load, in turn on this machine: one table with the ratio.
#   proxy_table.sh [ROUNDS] [RATE] [CALLS]
# A call is INVITE, 180, 200, ACK, BYE, 200 through a stateful, record-routing proxy to one of 1000 registered users.
set -eu
here=$(cd "$(dirname "$0")" && pwd); root=$(cd "$here/../.." && pwd)
rounds=${1:-3}; rate=${2:-400}; calls=${3:-6000}
cargo build -q --release -p apps --bin sip-proxy
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
work=$(mktemp -d); trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
tree() { echo "$1"; for c in $(pgrep -P "$1"); do tree "$c"; done; }
measure() { # label transport ports...
  "$here/proxy_bench.sh" -a "127.0.0.1:$3" -p "$(tree "$4" | tr '\n' ' ')" -M call -r "$rate" -n "$calls" -t "$2" -L "$1" -b "$5" -l "$6"
}
for t in udp tcp; do for ((i = 0; i < rounds; i++)); do
  "$target/release/sip-proxy" --listen udp:127.0.0.1:5960 --listen tcp:127.0.0.1:5960 --domain 127.0.0.1 --record-route > "$work/ours.log" 2>&1 & ours=$!
  sleep 1; measure ours $t 5960 $ours 5980 5970 | tee -a "$work/rows"; kill $ours; wait $ours 2>/dev/null || true
  "$root/peers/kamailio/start.sh" "$work/kam" 5961 2 > "$work/kam.log" 2>&1 & kam=$!
  sleep 2; measure kamailio $t 5961 $kam 5980 5970 | tee -a "$work/rows"; kill $kam; wait $kam 2>/dev/null || true
done; done
awk '{ for (i = 2; i <= NF; i++) { split($i, kv, "="); v[kv[1]] = kv[2] }
  k = $1 " " v["transport"]; n[k]++; cpu[k, n[k]] = v["cpu_ms_per_op"]; bad[k] += v["failed"] }
function med(k,   i, j, m, a, t) { m = n[k]; for (i = 1; i <= m; i++) a[i] = cpu[k, i]
  for (i = 1; i <= m; i++) for (j = i + 1; j <= m; j++) if (a[j] < a[i]) { t = a[i]; a[i] = a[j]; a[j] = t }
  return a[int((m + 1) / 2)] }
END { printf "\n| transport | sip-proxy, ms CPU a call | Kamailio, ms CPU a call | ratio | failed calls (ours, Kamailio) |\n|---|---|---|---|---|\n"
  split("udp tcp", ts); for (i = 1; i <= 2; i++) { o = "ours " ts[i]; k = "kamailio " ts[i]; if (n[k])
    printf "| %s | %.3f | %.3f | %.2f | %d, %d |\n", ts[i], med(o), med(k), med(o) / med(k), bad[o], bad[k] } }' "$work/rows"
