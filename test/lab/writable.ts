import { expect } from 'vitest';
import type { Lab } from './support.ts';

// A service ignores SIGPIPE: without `break` the asking would outlive a server that is gone, and nobody ask the next one.
// NOW is when the statement begins, SYSDATE when it comes to it: the answer is true of a time between the two.
const script = `#!/bin/sh
while :; do
  { while sleep 0.1; do echo "SELECT UNIX_TIMESTAMP(NOW(6)), NOT (@@global.read_only OR @@global.super_read_only), UNIX_TIMESTAMP(SYSDATE(6));" || break; done; } |
    mysql --no-defaults --protocol=socket --user=root --skip-column-names --batch --unbuffered 2>/dev/null
  sleep 0.1
done >>/var/lib/writable.log
`;
const unit = `[Service]
ExecStart=/usr/local/sbin/watch-writable
Restart=always
[Install]
WantedBy=multi-user.target
`;

/** A time in which a server took writes, at its shortest. Milliseconds of the epoch. */
export interface Span {
  readonly host: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Asks every server each 100 ms whether it takes writes: on the host itself, past its network, from its boot on. The
 * hosts share this machine's clock.
 */
export async function watchWritable(lab: Lab, hosts: readonly string[]) {
  const each = (what: (host: string) => Promise<unknown>) => Promise.all(hosts.map(what));
  await each(async (host) => {
    await lab.exec(
      host,
      'cat >/usr/local/sbin/watch-writable; chmod 755 /usr/local/sbin/watch-writable',
      script,
    );
    await lab.exec(host, 'cat >/etc/systemd/system/watch-writable.service', unit);
    await lab.ask(
      host,
      'systemctl stop watch-writable 2>/dev/null; rm -f /var/lib/writable.log; systemctl daemon-reload; systemctl enable --now watch-writable',
    );
  });
  const samples = async () =>
    (
      await Promise.all(
        hosts.map(async (host) =>
          (
            await lab.ask(host, 'cat /var/lib/writable.log')
          )
            .split('\n')
            .filter((line) => /^[\d.]+\t[01]\t[\d.]+$/.test(line))
            .map((line) => line.split('\t').map(Number))
            .map(([asked = 0, open, told = 0]) => ({
              host,
              asked: asked * 1000,
              told: told * 1000,
              open: open === 1,
            })),
        ),
      )
    ).flat();
  return {
    /**
     * How often the servers were asked, and when which one took writes: from its first such answer to its last. All of
     * them must run: each is waited for until it has answered once more, so that none was left out unnoticed.
     */
    seen: async () => {
      const now = Date.now();
      let all: Awaited<ReturnType<typeof samples>> = [];
      const silent = async () => {
        all = await samples();
        return hosts.filter((host) => !all.some((sample) => sample.host === host && sample.asked > now));
      };
      await expect.poll(silent, { timeout: 60_000, interval: 200 }).toEqual([]);
      const spans: Span[] = [];
      for (const host of hosts) {
        let span: { host: string; from: number; to: number } | undefined;
        for (const { asked, told, open } of all.filter((sample) => sample.host === host)) {
          if (open && span) span.to = asked;
          else if (open) {
            span = { host, from: told, to: asked };
            spans.push(span);
          } else span = undefined;
        }
      }
      return { count: all.length, spans, both: spans.flatMap((span) => overlaps(span, spans)) };
    },
    end: () =>
      each((host) =>
        lab.ask(
          host,
          `systemctl disable --now watch-writable; systemctl daemon-reload
rm -f /etc/systemd/system/watch-writable.service /usr/local/sbin/watch-writable /var/lib/writable.log`,
        ),
      ),
  };
}

/** In words, when another server took writes at the same time. */
function overlaps(span: Span, spans: readonly Span[]): string[] {
  const time = (at: number) => new Date(at).toISOString().slice(11, 23);
  return spans
    .filter((other) => other.host > span.host && other.from <= span.to && span.from <= other.to)
    .map((other) =>
      [span, other].map(({ host, from, to }) => `${host} from ${time(from)} to ${time(to)}`).join(', '),
    );
}
