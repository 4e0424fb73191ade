#!/usr/bin/env bash
# Reads what the benches print and writes a table of ours against rivals measured in the same run: medians and ratios.
#   cargo bench … | ratios.sh
set -eu
sed -e 's/[├╰]─/+-/g' -e 's/├─/+-/g' -e 's/╰─/+-/g' -e 's/│/|/g' -e 's/µs/us/g' | awk '
function ns(text, unit) { return text * (unit == "us" ? 1e3 : unit == "ms" ? 1e6 : unit == "s" ? 1e9 : 1) }
/Running benches/ { bench = $2; sub(/.*\//, "", bench); sub(/\.rs/, "", bench) }
/\+- / {
  at = index($0, "+- "); nested = at > 1
  rest = substr($0, at + 3); split(rest, word, /[ \t|]+/)
  if (nested) path = group "/" word[1]; else path = group = bench "/" word[1]
  split(rest, column, "|"); if (split(column[3], v, " ") >= 2) median[path] = ns(v[1], v[2])
}
function row(what, ours, rival, scale) {
  if (median[ours] && median[rival])
    printf "| %s | %.1f | %.1f | %.2f |\n", what, median[ours] / scale, median[rival] / scale, median[ours] / median[rival]
}
END {
  print "| what | ours, ns | rival, ns | ratio |\n|---|---|---|---|"
  row("SIP message, parse and typed access, beside rsip", "message/parse_and_access", "message/rsip_rival/parse_and_access", 10)
  row("RTP packet, parse, beside rtp", "rtp/parse_packet/plain", "rtp/parse_rtp_crate/plain", 1)
  row("RTP packet with CSRC, extension, padding, parse, beside rtp", "rtp/parse_packet/full", "rtp/parse_rtp_crate/full", 1)
  row("RTP packet, borrowed view, beside rtp", "rtp/parse_view/plain", "rtp/parse_rtp_crate/plain", 1)
  row("RTP packet, write, beside rtp", "rtp/write_packet/plain", "rtp/write_rtp_crate/plain", 1)
  for (n = 128; n <= 4096; n *= 32) {
    row("RTMP message in chunks of " n " bytes, read, beside rml_rtmp", "chunk/read/" n, "chunk/read_rml_rtmp/" n, 1000)
    row("RTMP message in chunks of " n " bytes, write, beside the same", "chunk/write/" n, "chunk/write_rml_rtmp/" n, 1000)
  }
  for (n = 64; n <= 65536; n = n == 64 ? 1024 : n * 64) {
    row("p2p message of " n " bytes, to its frame, beside rmp-serde and a SHA-256", "p2p_message/serialize_plain/" n, "p2p_message/serialize_rmp_serde/" n, 1)
    row("p2p message of " n " bytes, from its frame, beside the same", "p2p_message/deserialize_plain/" n, "p2p_message/deserialize_rmp_serde/" n, 1)
  }
}'
