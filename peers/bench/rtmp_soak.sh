#!/usr/bin/env bash
# Publishing, playing and calling, begun and ended over and over, in order and by force: rtmp-server and sip-rtmp are to
# have no more memory, threads and open files at the end than in the beginning, no stream may be left, and every call that
# was begun in order is to be answered and ended.
#   rtmp_soak.sh [MINUTES]      exit status 0: all of that held
set -eu
here=$(cd "$(dirname "$0")" && pwd); minutes=${1:-30}
for program in ffmpeg cc curl jq; do
  command -v $program >/dev/null || { echo "rtmp_soak: skipped: no $program (peers/install)"; exit 0; }
done
cargo build -q --release -p apps --bin rtmp-server --bin rtmp-copy --bin sip-rtmp --bin dialer
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release
work=$(mktemp -d); trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null; rm -rf "$work"' EXIT
cc -O2 -o "$work/drain" "$here/rtmp_drain.c"
ffmpeg -v error -f lavfi -i testsrc2=size=320x180:rate=25 -f lavfi -i sine=440 -t 6 -c:v libx264 -preset veryfast -g 25 \
  -b:v 300k -c:a aac -b:a 64k "$work/film.flv"
ffmpeg -v error -f lavfi -i sine=440 -t 6 -c:a pcm_mulaw -ar 8000 -ac 1 "$work/voice.flv"
server=rtmp://127.0.0.1:11951 gateway=rtmp://127.0.0.1:11952 status=127.0.0.1:11953
"$target/rtmp-server" -q -l ${server/:\/\//:} --metrics $status --record-dir "$work" >"$work/server.log" 2>&1 & s=$!
"$target/sip-rtmp" -q -l ${gateway/:\/\//:} --int-ip 127.0.0.1 >"$work/gateway.log" 2>&1 & g=$!
for slot in 0 1 2 3; do
  "$target/dialer" --listen --port $((11960 + slot)) --int-ip 127.0.0.1 --tone 600 --auto-respond-after 0 --json \
    >"$work/phone.$slot" 2>/dev/null &
done
sleep 2
state() { # rss in KiB, threads, open files
  echo "$(awk '/^VmRSS/{r=$2} /^Threads/{t=$2} END{print r, t}' /proc/$1/status) $(ls /proc/$1/fd | wc -l)"
}
end=$((SECONDS + minutes * 60))
slot() { # publishes, plays, calls and breaks off until the time is over
  local n=0
  while [ $SECONDS -lt $end ]; do
    n=$((n + 1))
    "$target/rtmp-copy" -q "$work/film.flv" "$server/live/s$1" --duration 4 $([ $((n % 5)) = 0 ] && echo --record) >/dev/null 2>&1 & local p=$!
    "$target/rtmp-copy" -q "$work/voice.flv" "$gateway/call/sip:me@127.0.0.1:$((11960 + $1))" --duration 3 >/dev/null 2>&1 & local c=$!
    "$work/drain" play "$server/live/s$1" 5 1 5 >/dev/null 2>&1 &
    "$work/drain" play "$gateway/call/sip:me@127.0.0.1:$((11960 + $1))" 1 1 5 >/dev/null 2>&1 &
    echo >>"$work/rounds"
    if [ $((n % 4)) = 0 ]; then sleep 1.5; kill -9 $p $c || true; echo >>"$work/killed"; fi
    wait
    rm -f "$work"/live/*.flv
    sleep 0.2 # a call is over when the phone has said so
  done
}
pids=
for i in 0 1 2 3; do slot $i 2>/dev/null & pids="$pids $!"; done
first=
for ((m = 0; m < minutes; m++)); do
  sleep 60
  now="server $(state $s) gateway $(state $g)"
  [ $m = 1 ] && first=$now
  echo "minute $((m + 1)): rss threads files: $now; rounds $(wc -l <"$work/rounds")"
done
# shellcheck disable=SC2086  # one word a process
wait $pids
sleep 8
last="server $(state $s) gateway $(state $g)"; rounds=$(wc -l <"$work/rounds"); killed=$(wc -l <"$work/killed")
left=$(curl -s "http://$status/status" | jq '(.streams | length) + .connections')
answered=$(cat "$work"/phone.* | jq -c 'select(.event == "heard")' | wc -l)
ended=$(cat "$work"/phone.* | jq -c 'select(.event == "ended")' | wc -l)
echo "end: $last; rounds $rounds, killed $killed; calls heard $answered, ended $ended; streams and connections left $left"
failed=0
[ "$left" = 0 ] || { echo "streams or connections are left"; failed=1; }
[ "$answered" = "$ended" ] || { echo "calls have not ended"; failed=1; }
[ "$answered" -ge $((rounds - killed)) ] || { echo "calls were not heard"; failed=1; }
awk -v a="${first:-$last}" -v b="$last" 'BEGIN{split(a, x); split(b, y); bad = 0
  for (i = 2; i <= 6; i += 4) {
    if (y[i] > x[i] * 1.1 + 1024) { print x[i - 1] " grew from " x[i] " to " y[i] " KiB"; bad = 1 }
    if (y[i + 1] > x[i + 1]) { print x[i - 1] " has " y[i + 1] " threads, had " x[i + 1]; bad = 1 }
    if (y[i + 2] > x[i + 2]) { print x[i - 1] " has " y[i + 2] " open files, had " x[i + 2]; bad = 1 } }
  exit bad }' || failed=1
exit $failed
