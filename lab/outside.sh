# Makes a Debian 13 machine the rest of the world: ACME authority, DNS, clients, load generators and a receiver
# of alerts. Run as root. Before its services start it also needs, under /etc/lab:
#   addresses                "NAME ADDRESS" a line: what the DNS answers, A and AAAA
#   pebble.crt, pebble.key   certificate of the ACME directory's HTTPS
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

apt-get -qq update
apt-get -qq -y install --no-install-recommends \
  pebble curl wrk nghttp2-client openssl python3 netcat-openbsd >/dev/null
apt-get clean
install -d /etc/lab

cat > /usr/local/bin/receive-alerts <<'end-of-file'
#!/usr/bin/python3
"""Keeps what is posted, one JSON value a line; GET gives all of it back."""
import http.server, json, pathlib

kept = pathlib.Path('/var/lib/alerts/received.jsonl')

class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        with kept.open('a') as file:
            file.write(json.dumps(body) + '\n')
        self.send_response(200)
        self.end_headers()

    def do_GET(self):
        body = kept.read_bytes() if kept.exists() else b''
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(('', 9099), Receiver).serve_forever()
end-of-file
chmod 755 /usr/local/bin/receive-alerts

# The DNS server keeps its names in memory only, so it is told them at each start.
cat > /usr/local/bin/tell-names <<'end-of-file'
#!/bin/sh
set -eu
awk '{
  if ($2 ~ /:/) six[$1] = six[$1] (six[$1] ? "," : "") "\"" $2 "\""
  else four[$1] = four[$1] (four[$1] ? "," : "") "\"" $2 "\""
} END {
  for (name in four) printf "add-a {\"host\":\"%s\",\"addresses\":[%s]}\n", name, four[name]
  for (name in six) printf "add-aaaa {\"host\":\"%s\",\"addresses\":[%s]}\n", name, six[name]
}' /etc/lab/addresses | while read -r action body; do
  curl -sSf --retry 100 --retry-connrefused --retry-delay 1 --retry-max-time 20 \
    -o /dev/null -d "$body" "http://127.0.0.1:8055/$action"
done
end-of-file
chmod 755 /usr/local/bin/tell-names

cat > /etc/lab/pebble.json <<'end-of-file'
{
  "pebble": {
    "listenAddress": "[::]:14000",
    "managementListenAddress": "[::]:15000",
    "certificate": "/etc/lab/pebble.crt",
    "privateKey": "/etc/lab/pebble.key",
    "httpPort": 80,
    "tlsPort": 443,
    "ocspResponderURL": "",
    "externalAccountBindingRequired": false,
    "retryAfter": { "authz": 1, "order": 1 },
    "certificateValidityPeriod": 7776000
  }
}
end-of-file

cat > /etc/systemd/system/lab-alerts.service <<'end-of-file'
[Unit]
Description=Receiver of alerts
[Service]
ExecStart=/usr/local/bin/receive-alerts
StateDirectory=alerts
[Install]
WantedBy=multi-user.target
end-of-file

cat > /etc/systemd/system/lab-dns.service <<'end-of-file'
[Unit]
Description=DNS of the lab
[Service]
ExecStart=/usr/bin/pebble-challtestsrv -dns01 :53 -http01 "" -https01 "" -tlsalpn01 "" -doh "" \
  -management 127.0.0.1:8055 -defaultIPv4 "" -defaultIPv6 ""
ExecStartPost=/usr/local/bin/tell-names
[Install]
WantedBy=multi-user.target
end-of-file

cat > /etc/systemd/system/lab-pebble.service <<'end-of-file'
[Unit]
Description=ACME certificate authority of the lab
After=lab-dns.service
[Service]
Environment=PEBBLE_VA_NOSLEEP=1
ExecStart=/usr/bin/pebble -config /etc/lab/pebble.json -dnsserver 127.0.0.1:53
[Install]
WantedBy=multi-user.target
end-of-file

systemctl --quiet enable lab-alerts.service lab-dns.service lab-pebble.service
