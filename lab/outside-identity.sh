# Gives the outside virtual machine its certificate and its names, and reads Pebble's root for the controller.
# Run as root after outside.sh, at every start: outside-identity.sh ADDRESS "NAME ADDRESS
# ..."
set -eu
cd /etc/lab
umask 077
printf '%s\n' "$2" > addresses
sed -i '/# lab$/d' /etc/hosts
while read -r name address; do echo "$address $name # lab"; done < addresses >> /etc/hosts

if ! test -s pebble.crt; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=foobar lab' \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout ca.key -out ca.crt 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=outside' \
    -keyout pebble.key -out pebble.csr 2>/dev/null
  printf 'subjectAltName=DNS:outside,DNS:localhost,IP:127.0.0.1,IP:%s\n' "$1" > pebble.ext
  openssl x509 -req -in pebble.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -extfile pebble.ext \
    -out pebble.part 2>/dev/null
  mv pebble.part pebble.crt
fi

systemctl start lab-dns lab-pebble lab-alerts
curl -sSf --cacert ca.crt --retry 30 --retry-connrefused --retry-delay 1 https://127.0.0.1:15000/roots/0 > root.part
grep -q 'BEGIN CERTIFICATE' root.part
mv root.part roots.pem
# curl and openssl on this machine trust the lab's root only.
install -m 644 roots.pem /etc/ssl/certs/ca-certificates.crt
