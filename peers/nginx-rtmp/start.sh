#!/usr/bin/env bash
# Starts nginx with its RTMP module (Debian: nginx-light libnginx-mod-rtmp) on loopback, with the applications live and
# lw (which waits for a key frame).
#   start.sh DIR [PORT]    DIR: a scratch folder; PORT: 11935. Prints its PIDs. Stop it: kill $(cat DIR/nginx.pid)
set -eu
here=$(cd "$(dirname "$0")" && pwd); mkdir -p "$1"; dir=$(cd "$1" && pwd)
sed -e "s#@DIR@#$dir#g" -e "s#@PORT@#${2:-11935}#" -e "s#@USER@#$(id -un)#" "$here/nginx.conf.in" > "$dir/nginx.conf"
PATH=$PATH:/usr/sbin nginx -c "$dir/nginx.conf" > "$dir/nginx.log" 2>&1 &
for _ in $(seq 50); do sleep 0.1; [ -s "$dir/nginx.pid" ] && break; done
main=$(cat "$dir/nginx.pid"); echo "$main" $(pgrep -P "$main")
