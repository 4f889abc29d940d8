/** What an image is made of: packages, and a script that runs in it as root. */
export interface Recipe {
  readonly packages: readonly string[];
  readonly script: string;
}

/**
 * A bare server: no Python, root and an administrator with sudo, nothing configured.
 * Its keys and its identity come with each host's own layer.
 */
export const bareHost: Recipe = {
  packages: [
    'systemd',
    'systemd-sysv',
    'dbus',
    'openssh-server',
    'sudo',
    'ca-certificates',
    'iproute2',
    'libpam-systemd',
    'procps',
  ],
  script: `
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub /etc/machine-id /var/lib/dbus/machine-id
echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/lab
useradd --create-home --shell /bin/sh admin
echo 'admin ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/admin
chmod 440 /etc/sudoers.d/admin
install -d -m 700 /root/.ssh
install -d -m 700 -o admin -g admin /home/admin/.ssh
systemctl --quiet enable systemd-networkd.service
systemctl --quiet mask console-getty.service getty.target systemd-firstboot.service
rm -f /etc/resolv.conf
`,
};

const receiver = String.raw`#!/usr/bin/python3
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
`;

/** The rest of the world: ACME authority, DNS, clients, load generators, a receiver of alerts. */
export const outsideWorld: Recipe = {
  packages: ['pebble', 'curl', 'wrk', 'nghttp2-client', 'openssl', 'python3', 'netcat-openbsd'],
  script: `
cat > /usr/local/bin/receive-alerts <<'end-of-file'
${receiver}end-of-file
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
ExecStart=/usr/bin/pebble-challtestsrv -dns01 :53 -http01 "" -https01 "" -tlsalpn01 "" -doh "" -management :8055 -defaultIPv4 "" -defaultIPv6 ""
ExecStartPost=/bin/sh /etc/lab/names
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
chmod 755 /usr/local/bin/receive-alerts
systemctl --quiet enable lab-alerts.service lab-dns.service lab-pebble.service
install -d /etc/lab
`,
};
