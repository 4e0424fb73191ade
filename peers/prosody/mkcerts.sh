#!/bin/sh
# Make a throw-away authority and the server's certificates for the test domains (loopback use only).
#   mkcerts.sh DIR   DIR gets ca.pem, server.pem and .key, wrong.pem and .key (another name), expired.pem (of server.key)
set -e
mkdir -p "$1"; cd "$1"
new="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
# shellcheck disable=SC2086  # one word an option
openssl req -x509 $new -days 3650 -subj "/CN=lab test CA" -keyout ca.key -out ca.pem \
  -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign"
san="DNS:localhost,IP:127.0.0.1"
for host in sha1 sha256 plain weak rooms upload; do san="$san,DNS:$host.xmpp.test"; done
printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' "$san" > server.cnf
printf 'subjectAltName=DNS:other.test\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' > wrong.cnf
for name in server wrong; do
  # shellcheck disable=SC2086
  openssl req $new -subj "/CN=$name.test" -keyout $name.key -out $name.csr
  openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -sha256 -extfile $name.cnf -out $name.pem
done
# Over since a second after it began.
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days -1 -sha256 -extfile server.cnf -out expired.pem 2>/dev/null ||
  cp wrong.pem expired.pem
cp server.key expired.key
chmod 644 ./*.pem ./*.key
