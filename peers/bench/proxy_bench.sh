#!/bin/bash
# Measure any SIP registrar/proxy the same way, on loopback.
#   proxy_bench.sh -a IP:PORT -p "PID PID…" [-M call|reg|regauth] [-r rate/s] [-n count]
#                  [-u users] [-t udp|tcp] [-b callee_port] [-l caller_port] [-L label]
# call    : INVITE/180/200/ACK/100 ms/BYE/200 through the proxy to registered contacts
#           (users are registered first, unmeasured, unless -R is given)
# reg     : REGISTER → 200          regauth : REGISTER → 401 → REGISTER → 200 (password "pw-USER")
# One result line on stdout:
#   label mode transport rate cps ok failed retrans cpu_ms_per_op cpu_share gen_cpu_ms_per_op pss_kb rss_kb
# (cpu_share = proxy CPU / wall; gen = CPU of both SIPp ends; a late or reordered message does not fail a call)
# CPU is user+sys of the PIDs (and their threads), from /proc/PID/stat, over the run plus a 1.5 s tail.
set -u
HERE=$(cd "$(dirname "$0")" && pwd); S=$HERE/../sipp
ADDR=127.0.0.1:5060; PIDS=; MODE=call; RATE=100; N=1000; USERS=1000; T=udp; UASP=5080; UACP=5070; LABEL=proxy; PREREG=1; AUTHREG=0
while getopts a:p:M:r:n:u:t:b:l:L:RA o; do case $o in
 a) ADDR=$OPTARG;; p) PIDS=$OPTARG;; M) MODE=$OPTARG;; r) RATE=$OPTARG;; n) N=$OPTARG;; u) USERS=$OPTARG;;
 t) T=$OPTARG;; b) UASP=$OPTARG;; l) UACP=$OPTARG;; L) LABEL=$OPTARG;; R) PREREG=0;; A) AUTHREG=1;; *) exit 2;; esac; done
IP=${ADDR%:*}
W=$(mktemp -d /tmp/proxy_bench.XXXXXX); trap 'rm -rf "$W"' EXIT
TM=u1; [ $T = tcp ] && TM=t1
HZ=$(getconf CLK_TCK)
# callers are shuffled over users so that lookups do not walk in order
{ echo SEQUENTIAL; awk -v n=$USERS -v h=$IP:$UASP 'BEGIN{for(i=0;i<n;i++){k=(i*7919)%n; printf "u%05d;%s;[authentication username=u%05d password=pw-u%05d]\n",k,h,k,k}}'; } > $W/users.csv
cpu() { local s=0 p l; for p in $PIDS; do l=$(cat /proc/$p/stat 2>/dev/null) || continue; l=${l##*) }; set -- $l; s=$((s+${12}+${13})); done; echo $s; }
mem() { local f=$1 s=0 p v; for p in $PIDS; do v=$(awk -v f="$f:" '$1==f{print $2}' /proc/$p/smaps_rollup 2>/dev/null); s=$((s+${v:-0})); done; echo $s; }
col() { # file column-name : last row
 awk -F';' -v c="$2" 'NR==1{for(i=1;i<=NF;i++)if($i==c)k=i} NR>1&&NF>2{v=$k} END{print v+0}' "$1" 2>/dev/null; }
now() { date +%s%N; }
COMMON="-i $IP -t $TM -nostdin -nd -default_behaviors all,-abortunexp -trace_stat -fd 1 -max_socket 1000 -buff_size 2097152 -recv_timeout 20000"
LIM=$(( N/RATE + 60 ))
reg() { # scenario count rate statfile
 timeout $(( $2/$3 + 60 )) sipp $ADDR -sf $S/$1 -inf $W/users.csv -p $UACP -m $2 -r $3 -rp 1000 -l 4000 $COMMON -stf $4 >$W/reg.log 2>&1; }
case $MODE in
call)
 if [ $PREREG = 1 ]; then
   if [ $AUTHREG = 1 ]; then reg register_digest.xml $USERS 800 $W/pre.csv; else reg register.xml $USERS 1500 $W/pre.csv; fi
   okr=$(col $W/pre.csv 'SuccessfulCall(C)'); [ "$okr" -ge "$USERS" ] || echo "warning: only $okr of $USERS registered" >&2
   sleep 1
 fi
 sipp -sf $S/uas_call.xml -p $UASP $COMMON -l 20000 -stf $W/uas.csv >$W/uas.log 2>&1 & UAS=$!
 sleep 0.7; c0=$(cpu); t0=$(now); TIMEFORMAT="%U %S"
 { time timeout $LIM sipp $ADDR -sf $S/uac_call.xml -inf $W/users.csv -p $UACP -m $N -r $RATE -rp 1000 -l 20000 $COMMON -stf $W/uac.csv >$W/uac.log 2>&1; } 2>$W/gen.txt
 t1=$(now); c1a=$(cpu); sleep 1.5; c1=$(cpu)
 g=$(awk -v h=$HZ '{sub(/^.*\) /,""); print ($12+$13)/h}' /proc/$UAS/stat); gen=$(awk -v g=$g '{print ($1+$2+g)*1000}' $W/gen.txt)
 kill -USR1 $UAS 2>/dev/null; for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 $UAS 2>/dev/null || break; sleep 0.3; done; kill $UAS 2>/dev/null; wait $UAS 2>/dev/null
 ok=$(col $W/uac.csv 'SuccessfulCall(C)'); bad=$(col $W/uac.csv 'FailedCall(C)')
 rt=$(( $(col $W/uac.csv 'Retransmissions(C)') + $(col $W/uas.csv 'Retransmissions(C)') )) ;;
reg|regauth)
 sc=register.xml; [ $MODE = regauth ] && sc=register_digest.xml
 c0=$(cpu); t0=$(now); reg $sc $N $RATE $W/uac.csv; t1=$(now); sleep 0.5; c1=$(cpu)
 ok=$(col $W/uac.csv 'SuccessfulCall(C)'); bad=$(col $W/uac.csv 'FailedCall(C)'); rt=$(col $W/uac.csv 'Retransmissions(C)') ;;
esac
[ -n "${KEEP:-}" ] && cp -r $W $KEEP
awk -v L=$LABEL -v m=$MODE -v t=$T -v r=$RATE -v ok=$ok -v bad=$bad -v rt=$rt -v c=$((c1-c0)) -v hz=$HZ -v dt=$((t1-t0)) -v gen=${gen:-0} -v pss=$(mem Pss) -v rss=$(mem Rss) \
 'BEGIN{s=dt/1e9; printf "%s mode=%s transport=%s rate=%d cps=%.1f ok=%d failed=%d retrans=%d cpu_ms_per_op=%.4f cpu_share=%.2f gen_cpu_ms_per_op=%.3f pss_kb=%d rss_sum_kb=%d\n",L,m,t,r,ok/s,ok,bad,rt,(ok>0?c*1000/hz/ok:0),c/hz/s,(ok>0?gen/ok:0),pss,rss}'
