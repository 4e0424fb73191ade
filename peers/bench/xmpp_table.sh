#!/usr/bin/env bash
# A login and a message's round trip (both clients) through one Prosody: processor time of rfc3920 under net, of tokio-xmpp
# and of slixmpp, in turn; then how long a clean build of rfc3920 and of xmpp-parsers takes.
#   xmpp_table.sh [ROUNDS] [MESSAGES]
set -eu
here=$(cd "$(dirname "$0")" && pwd); root=$(cd "$here/../.." && pwd)
rounds=${1:-3}; messages=${2:-2000}
python=$root/target/peers/slixmpp/bin/python
command -v prosody >/dev/null && [ -x "$python" ] || { echo "xmpp_table: skipped: no prosody or slixmpp (peers/install)"; exit 0; }
target=$(cargo metadata --manifest-path "$root/Cargo.toml" --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
(cd "$root" && cargo build -q --release -p apps --no-default-features --features xmpp --example xmpp_echo)
cargo build -q --release --manifest-path "$here/tokio_xmpp/Cargo.toml" --target-dir "$target/tokio_xmpp"
work=$(mktemp -d); trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
"$root/peers/prosody/start.sh" "$work" 15322 15323 15380 15381 >"$work/prosody.out" 2>&1 &
for _ in $(seq 100); do sleep 0.1; (: </dev/tcp/127.0.0.1/15322) 2>/dev/null && break; done
ca=$work/certs/ca.pem domain=sha256.xmpp.test
for ((i = 0; i < rounds; i++)); do
  "$target/release/examples/xmpp_echo" 127.0.0.1 15322 $domain "$messages" "$ca"
  SSL_CERT_FILE=$ca "$target/tokio_xmpp/release/tokio_xmpp_echo" 127.0.0.1 15322 $domain "$messages"
  "$python" "$here/slixmpp_echo.py" 127.0.0.1 15322 $domain "$messages" "$ca" 2>/dev/null
done
clean() { # label, where, what: a clean build for development, its time
  local begin; begin=$(date +%s%N)
  (cd "$2" && cargo build -q -p "$3" --target-dir "$work/clean-$3")
  echo "$1: clean build $((($(date +%s%N) - begin) / 1000000)) ms"
}
clean rfc3920 "$root" rfc3920
clean rfc3921 "$root" rfc3921
clean xmpp-parsers "$here/tokio_xmpp" xmpp-parsers
