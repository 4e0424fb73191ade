#!/usr/bin/env bash
# rtmp-server and nginx with its RTMP module, in turn on this machine, each with one publisher of 1.5 Mbit/s and many
# players of it: CPU per player, memory per player, time until a joiner has a key frame; then the delay of relaying to
# one player (a crowd may wait for acknowledgements, see --low-delay).
#   rtmp_table.sh [ROUNDS] [PLAYERS] [SECONDS]
set -eu
here=$(cd "$(dirname "$0")" && pwd); root=$(cd "$here/../.." && pwd)
rounds=${1:-3}; players=${2:-200}; seconds=${3:-10}
for program in ffmpeg nginx cc; do
  command -v $program >/dev/null || [ -x /usr/sbin/$program ] || { echo "rtmp_table: skipped: no $program (peers/install)"; exit 0; }
done
cargo build -q --release -p apps --bin rtmp-server
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
work=$(mktemp -d); trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
export RTMP_DRAIN=$work/rtmp_drain IDLE_SECS=3
cc -O2 -o "$RTMP_DRAIN" "$here/rtmp_drain.c"
film=$work/film.flv
ffmpeg -v error -f lavfi -i testsrc2=size=640x360:rate=25 -f lavfi -i sine=440 -t 20 -c:v libx264 -preset veryfast -g 50 \
  -b:v 1400k -minrate 1400k -maxrate 1400k -bufsize 700k -c:a aac -b:a 96k "$film"
measure() { # label url pids
  ffmpeg -v error -re -stream_loop -1 -i "$film" -c copy -f flv "$2" 2>"$work/ffmpeg.log" & local publisher=$!
  sleep 4
  echo "$1 $("$here/rtmp_fanout.sh" "$2" "$3" "$players" "$seconds" 5)"
  kill $publisher; wait $publisher 2>/dev/null || true
  echo "$1 delay $("$RTMP_DRAIN" lat "${2%/*}/delay" 8)"
}
for ((i = 0; i < rounds; i++)); do
  "$target/release/rtmp-server" -q -l rtmp:127.0.0.1:11936 >"$work/ours.log" 2>&1 & ours=$!
  sleep 1; measure ours rtmp://127.0.0.1:11936/live/film $ours; kill $ours; wait $ours 2>/dev/null || true
  nginx=$("$root/peers/nginx-rtmp/start.sh" "$work/nginx")
  measure nginx rtmp://127.0.0.1:11935/live/film "$nginx"; kill "$(cat "$work/nginx/nginx.pid")"; sleep 1
done
