#!/bin/bash
# Start Prosody on 127.0.0.1, in the foreground; no root needed.
#   start.sh DIR STARTTLS_PORT DIRECT_PORT HTTP_PORT HTTPS_PORT [CERT] [TLS]
#     DIR   a scratch folder: keeps users, archives and certificates from start to start
#     CERT  server (default), wrong (of another name) or expired
#     TLS   tlsv1_2+ (default), tlsv1_2 or tlsv1_3
# Hosts sha1.xmpp.test, sha256.xmpp.test, plain.xmpp.test (password stores), weak.xmpp.test (PLAIN alone), rooms.xmpp.test,
# upload.xmpp.test. Users alice, bob, carol with passwords secret-alice, … The authority: DIR/certs/ca.pem.
# WebSocket: wss://localhost:HTTPS_PORT/xmpp-websocket. Who connects and logs in: DIR/prosody/prosody.log
set -eu
here=$(cd "$(dirname "$0")" && pwd); mkdir -p "$1"; dir=$(cd "$1" && pwd)
mkdir -p "$dir/prosody/data"
[ -f "$dir/certs/expired.pem" ] || sh "$here/mkcerts.sh" "$dir/certs" > /dev/null 2>&1
root=false; flag=; [ "$(id -u)" != 0 ] || { root=true; flag=--root; }
sed -e "s#@DIR@#$dir#g; s#@ROOT@#$root#; s#@STARTTLS_PORT@#$2#; s#@DIRECT_PORT@#$3#; s#@HTTP_PORT@#$4#; s#@HTTPS_PORT@#$5#" \
  -e "s#@CERT@#${6:-server}#g; s#@TLS@#${7:-tlsv1_2+}#" "$here/prosody.cfg.lua.in" > "$dir/prosody/prosody.cfg.lua"
# What prosodyctl would write, without its wish for another user; stores that hash do so at the first login.
for host in sha1 sha256 plain weak; do
  accounts=$dir/prosody/data/$host%2exmpp%2etest/accounts; mkdir -p "$accounts"
  for user in alice bob carol; do
    [ -f "$accounts/$user.dat" ] || printf 'return {\n\t["password"] = "secret-%s";\n};\n' "$user" > "$accounts/$user.dat"
  done
done
cd "$dir/prosody"
exec prosody $flag --config ./prosody.cfg.lua -F
