#!/usr/bin/env bash
# Run a headless baresip in the foreground: a phone on 127.0.0.1 that registers USER with digest (password pw-USER).
#   start.sh DIR USER PORT CONTROL PROXY auto|manual HZ [CONTACT [mirror]]
# DIR: a scratch folder; PORT: its SIP port; CONTROL: its ctrl_tcp port; PROXY: host:port of the registrar;
# HZ: the tone that it speaks; CONTACT: the SIP URI that its `message` command writes to; `mirror`: it has video too,
# and sends back every picture that it has decoded, coded anew.
# What it heard: DIR/rec/*-dec.wav. What it said: DIR/rec/*-enc.wav.
set -eu
here=$(cd "$(dirname "$0")" && pwd); mkdir -p "$1/rec"; dir=$(cd "$1" && pwd)
for f in config accounts; do
  sed -e "s#@DIR@#$dir#g" -e "s#@USER@#$2#g" -e "s#@PORT@#$3#g" -e "s#@CONTROL@#$4#g" -e "s#@PROXY@#$5#g" \
      -e "s#@DOMAIN@#${5%:*}#g" -e "s#@ANSWER@#$6#g" "$here/$f.in" > "$dir/$f"
done
[ "${9:-}" != mirror ] || cat "$here/mirror.in" >> "$dir/config"
printf '"peer" <%s>\n' "${8:-sip:nobody@127.0.0.1}" > "$dir/contacts"
# forty seconds (baresip hangs up at the end of its file) of a sine at a quarter of full scale, 8 kHz, 16 bit, mono
LC_ALL=C awk -v hz="$7" 'function le(n, v) { s = ""; for (; n > 0; n--) { s = s sprintf("%c", v % 256); v = int(v / 256) } return s }
BEGIN { n = 320000; printf "RIFF%sWAVEfmt %s%s%s%s%s%s%sdata%s", le(4, 36 + 2 * n), le(4, 16), le(2, 1), le(2, 1), le(4, 8000), le(4, 16000), le(2, 2), le(2, 16), le(4, 2 * n)
  for (i = 0; i < n; i++) { v = int(9000 * sin(6.283185307179586 * hz * i / 8000)); printf "%s", le(2, v < 0 ? v + 65536 : v) } }' > "$dir/tone.wav"
exec baresip -4 -f "$dir" -v < /dev/null
