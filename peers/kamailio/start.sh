#!/usr/bin/env bash
# Run Kamailio in the foreground as registrar and proxy on 127.0.0.1:PORT.
#   start.sh DIR PORT [CHILDREN] [-A WITH_AUTH]      DIR: a scratch folder
# With -A WITH_AUTH, REGISTER needs digest; the password of USER is pw-USER.
set -eu
PATH=$PATH:/usr/sbin
here=$(cd "$(dirname "$0")" && pwd); mkdir -p "$1"; dir=$(cd "$1" && pwd); port=$2; children=${3:-2}; shift 2; [ $# -gt 0 ] && shift
sed -e "s#@DIR@#$dir#g" -e "s#@PORT@#$port#g" "$here/kamailio.cfg.in" > "$dir/kamailio.cfg"
exec kamailio -f "$dir/kamailio.cfg" -A CHILDREN="$children" "$@" -m 2048 -M 16 -DD -P "$dir/kam.pid" -Y "$dir" -w "$dir"
