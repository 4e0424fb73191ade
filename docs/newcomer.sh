#!/usr/bin/env bash
# The way of someone new, timed: from a clone of this repository to `make docs`, and from the front page of the site to the
# definition of timer A of SIP, which must take no more than three clicks. Chromium does the clicks (peers/page/install).
# CARGO names another cargo, as for make.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
modules=$here/target/peers/page/node_modules
[ -d "$modules" ] || "$here/peers/page/install"
clone=$(mktemp -d)
trap 'rm -rf "$clone"' EXIT
seconds() { date +%s.%N; }
since() { echo "$1 $(seconds)" | awk '{ printf "%.1f s", $2 - $1 }'; }

start=$(seconds)
git clone -q "$here" "$clone/wireworks"
echo "clone      $(since "$start")"
start=$(seconds)
(cd "$clone/wireworks" && env -u CARGO_TARGET_DIR make docs) > "$clone/log" 2>&1 || { tail -30 "$clone/log"; exit 1; }
echo "make docs  $(since "$start"), of which the site: $(sed -n 's/.*, in \(.* s\)$/\1/p' "$clone/log")"
NODE_PATH=$modules node "$here/docs/tests/browser/newcomer.js" "$clone/wireworks/target/site"
