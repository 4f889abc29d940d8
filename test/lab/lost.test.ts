import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyInventory, foobar, labOf, type TaskEvent, testFolder } from './support.ts';

/** FOOBAR_CUTS=all takes every task in each way, and installs a package. */
const everything = process.env.FOOBAR_CUTS === 'all';

/** One task of each kind, in order; what holds it on the host until the connection has been cut. */
const tasks = {
  file: '/srv/cut/file/new',
  copy: '/srv/cut/copy/',
  template: '/srv/cut/template/',
  line: '/srv/cut/line/',
  loop: '/srv/cut/loop-b/',
  package: 'install',
  command: '/srv/cut/command/new',
  block: '/srv/cut/block/new',
  include: '/srv/cut/include/',
  async: '/srv/cut/async/new',
  service: 'start -- cut',
  handler: 'restart -- cut',
} as const;
type Kind = keyof typeof tasks;

const playbook = `
- hosts: all
  gather_facts: false
  vars: { word: whole }
  tasks:
    - { name: file, file: { path: /srv/cut/file/new, state: directory, mode: "0750" } }
    - { name: copy, copy: { dest: /srv/cut/copy/file, content: "copied\\n" }, notify: handler }
    - { name: template, template: { src: lost.j2, dest: /srv/cut/template/file } }
    - { name: line, lineinfile: { path: /srv/cut/line/file, line: a line, create: true } }
    - { name: loop, copy: { dest: "/srv/cut/loop-{{ item }}/file", content: "{{ item }}\\n" }, loop: [a, b, c] }
${everything ? '    - { name: package, apt: { name: tree } }' : ''}
    - { name: command, command: { cmd: mkdir /srv/cut/command/new, creates: /srv/cut/command/new } }
    - block:
        - { name: block, command: { cmd: mkdir /srv/cut/block/new, creates: /srv/cut/block/new } }
      rescue:
        - { name: rescue, file: { path: /srv/cut/rescued, state: touch } }
    - include_tasks: lost-included.yml
    - { name: async, command: { cmd: mkdir /srv/cut/async/new, creates: /srv/cut/async/new }, async: 60, poll: 1 }
    - { name: service, systemd: { name: cut, state: started, enabled: true } }
  handlers:
    - { name: handler, systemd: { name: cut, state: restarted } }
`;

/** In the place of a program on the host: where it was told to, it has the connection cut, and only then begins. */
const wrapper = `#!/bin/sh
at=$(cat /run/cut-at 2>/dev/null) && case "$* " in *"$at"*)
mv /run/cut-at /run/cut-done && { setsid sh /run/cut </dev/null >/dev/null 2>&1 & sleep 3; } ;;
esac
exec /usr/bin/\${0##*/} "$@"
`;
const wrapped = ['mkdir', 'sync', 'systemctl', 'apt-get'];

/** How a connection is cut, by a script on the host. */
const ways = {
  reset: 'ss -K state established sport = :22',
  // Nothing goes out any more, for longer than the run waits; then the network is back.
  silent: 'ip route add blackhole CONTROLLER; sleep 18; ip route del blackhole CONTROLLER',
  killed: 'kill -9 $(pgrep -x sshd-session)',
  rebooted: 'sync; systemctl reboot --force',
} as const;
type Way = keyof typeof ways;

/** Which host is cut how, and in the usual tests at which tasks. */
const hosts: Record<string, { readonly way: Way; readonly at: readonly Kind[] }> = {
  balancer1: { way: 'reset', at: ['copy'] },
  server1: { way: 'silent', at: ['loop'] },
  server2: { way: 'killed', at: ['handler'] },
  server3: { way: 'rebooted', at: ['command'] },
};

const lab = labOf(copyInventory('lab', 'lost'));
const file = join(testFolder, 'lost.yml');
const run = (host: string) => foobar('provision', lab.inventory, '--playbook', file, '--limit', host);

const unit =
  '[Service]\nExecStart=/bin/sh -c "cp /srv/cut/copy/file /run/cut-word; exec sleep infinity"\n[Install]\nWantedBy=multi-user.target\n';
const folders = [
  'file',
  'copy',
  'template',
  'line',
  'loop-a',
  'loop-b',
  'loop-c',
  'command',
  'block',
  'include',
  'async',
];
const bare = `systemctl disable --now -q cut; dpkg -r tree >/dev/null 2>&1
rm -rf /srv/cut /run/cut-word /run/cut-at /run/cut-done; cd /; for f in ${folders.join(' ')}; do /usr/bin/mkdir -p /srv/cut/$f; done`;
const looked = `cd /srv/cut; find . -printf '%p %m\\n' | sort; find . -type f -exec cat {} +
dpkg-query -W -f '\${Package} \${Status}\\n' tree 2>/dev/null; systemctl is-enabled cut; systemctl is-active cut; cat /run/cut-word; ! cat /var/lib/foobar/pending 2>/dev/null`;

let whole = '';

beforeAll(async () => {
  writeFileSync(file, playbook);
  writeFileSync(join(testFolder, 'lost.j2'), '{{ word }} of {{ inventory_hostname | length > 0 }}\n');
  writeFileSync(
    join(testFolder, 'lost-included.yml'),
    '- { name: include, copy: { dest: /srv/cut/include/file, content: "included\\n" } }\n',
  );
  await lab.down();
  await lab.up();
  await Promise.all(
    Object.keys(hosts).map(async (host) => {
      await lab.exec(host, 'cat >/usr/local/sbin/mkdir && chmod 755 /usr/local/sbin/mkdir', wrapper);
      for (const name of wrapped.slice(1))
        await lab.ask(host, `cp -p /usr/local/sbin/mkdir /usr/local/sbin/${name}`);
      await lab.exec(host, 'cat >/etc/systemd/system/cut.service; systemctl daemon-reload', unit);
      await lab.ask(host, bare);
      if (everything) await lab.ask(host, '/usr/bin/apt-get update');
    }),
  );
  const first = await Promise.all(Object.keys(hosts).map((host) => run(host)));
  expect(first.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    first.map(() => ({ code: 0, stderr: '' })),
  );
  const found = await Promise.all(Object.keys(hosts).map((host) => lab.ask(host, looked)));
  whole = found[0]!;
  expect(found).toEqual(found.map(() => whole));
});
afterAll(() => lab.down());

const clientAddress = lab.address('server1').replace(/\d+$/, '1');
const lines = (told: readonly TaskEvent[]) => told.map(({ task, status }) => `${task}: ${status}`);

/** Cuts the connection at a task, and runs again. Gives what was otherwise than it must be. */
async function cutAt(host: string, way: Way, kind: Kind) {
  await lab.ask(host, bare);
  await lab.exec(host, 'cat >/run/cut', `sleep 0.5; ${ways[way].replaceAll('CONTROLLER', clientAddress)}`);
  await lab.ask(host, `printf %s '${tasks[kind]}' >/run/cut-at`);
  const lost = await run(host);
  const wasCut = await lab.exec(host, 'test ! -e /run/cut-at');
  const order = Object.keys(tasks);
  const bad = lost.tasks.filter(
    ({ task, status }) =>
      ['ok', 'changed', 'skipped'].includes(status) && order.indexOf(task) >= order.indexOf(kind),
  );
  const unknown = lost.tasks.find(({ status }) => status === 'unknown');
  const seconds = unknown?.seconds ?? Number.NaN;
  console.log(`${way} at ${kind}: ${unknown?.task} after ${seconds.toFixed(1)} s\n${unknown?.message}`);
  expect
    .soft(
      {
        wasCut: wasCut.code,
        code: lost.code,
        told: lines(bad.filter(({ task, item }) => task !== 'loop' || item !== 'a')),
      },
      `${way} at ${kind}`,
    )
    .toEqual({ wasCut: 0, code: 4, told: [] });
  expect.soft(lines(lost.tasks), `${way} at ${kind}`).toContain(`${kind}: unknown`);
  expect.soft(seconds, `${way} at ${kind}`).toBeLessThan(30);

  const next = await run(host);
  expect
    .soft({ code: next.code, stderr: next.stderr }, `${way} at ${kind}, next`)
    .toEqual({ code: 0, stderr: '' });
  expect.soft(await lab.ask(host, looked), `${way} at ${kind}, next`).toBe(whole);
  const settled = await run(host);
  expect
    .soft({ code: settled.code, told: settled.told }, `${way} at ${kind}, settled`)
    .toEqual({ code: 0, told: [] });
  return `${way.padEnd(9)} ${kind.padEnd(9)} ${seconds.toFixed(1).padStart(5)} s  ${next.told.length} told next  ${unknown?.message?.split('\n')[1]}`;
}

describe('a connection that is cut in the middle of a task', () => {
  test('leaves it unknown, and the next run brings everything about', { timeout: 7_200_000 }, async () => {
    const table = await Promise.all(
      Object.entries(hosts).map(async ([host, { way, at }]) => {
        const rows: string[] = [];
        for (const kind of everything ? (Object.keys(tasks) as Kind[]) : at)
          rows.push(await cutAt(host, way, kind));
        return rows;
      }),
    );
    console.log(table.flat().join('\n'));
  });
});
