import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sshAnswers } from '../../src/lab/ready.ts';
import { copyInventory, labOf, startFoobar, type TaskEvent, testFolder } from './support.ts';

/** A pattern of ways and tasks ("silent at package"), in place of the usual ones; a package is installed then too. */
const asked = process.env.FOOBAR_CUTS;

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
${asked === undefined ? '' : '    - { name: package, apt: { name: tree } }'}
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

/**
 * In the place of a program on the host: where it was told to, it has the connection cut, and only then begins; by then
 * the host may have been asked what became of it.
 */
const wrapper = `#!/bin/sh
at=$(cat /var/tmp/cut-at 2>/dev/null) && case "$* " in *"$at"*)
mv /var/tmp/cut-at /var/tmp/cut-begun && {
  setsid sh /run/cut </dev/null >/dev/null 2>&1 &
  until [ -e /run/cut-made ]; do sleep 0.1; done
  sleep 2
} ;;
esac
exec /usr/bin/\${0##*/} "$@"
`;
const wrapped = ['mkdir', 'sync', 'systemctl', 'apt-get'];

/** How a connection is cut, by a script on the host. */
const ways = {
  reset: 'ss -K state established sport = :22',
  // Nothing goes out any more, until the test gives the network back.
  silent: 'ip route add blackhole CONTROLLER',
  killed: 'kill -9 $(pgrep -x sshd-session)',
  rebooted: 'sync; systemctl reboot --force; sleep infinity',
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
const start = (host: string) => startFoobar('provision', lab.inventory, '--playbook', file, '--limit', host);
const run = (host: string) => start(host).end();

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
rm -rf /srv/cut /run/cut-* /var/tmp/cut-*; cd /; for f in ${folders.join(' ')}; do /usr/bin/mkdir -p /srv/cut/$f; done`;
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
      if (asked !== undefined) await lab.ask(host, '/usr/bin/apt-get update');
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

/** Whether this machine has a connection to the host's sshd that it has not given up (proc(5), /proc/net/tcp). */
function isConnected(host: string): boolean {
  const bytes = lab.address(host).split('.').reverse();
  const hex = bytes.map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, '0')).join('');
  return readFileSync('/proc/net/tcp', 'utf8').includes(` ${hex}:0016 01 `);
}

/** Gives a host its network back once the run has given up the connection that was cut, or is over. */
async function giveBack(host: string, ended: Promise<unknown>): Promise<void> {
  let isOver = false;
  void ended.finally(() => {
    isOver = true;
  });
  while (!isOver && (await lab.exec(host, 'test -e /run/cut-made')).code !== 0) await sleep(200);
  while (!isOver && isConnected(host)) await sleep(200);
  await lab.ask(host, `ip route del blackhole ${clientAddress}`);
}

/** Cuts the connection at a task, and runs again. Gives what was otherwise than it must be. */
async function cutAt(host: string, way: Way, kind: Kind) {
  await lab.ask(host, bare);
  const cut = ways[way].replaceAll('CONTROLLER', clientAddress);
  const script = `sleep 0.5; date +%s.%N >/var/tmp/cut-time; ${cut}; : >/run/cut-made`;
  await lab.exec(host, 'cat >/run/cut', script);
  await lab.ask(host, `printf %s '${tasks[kind]}' >/var/tmp/cut-at`);
  const running = start(host);
  const told = running
    .until((event) => event.event === 'task' && event.status === 'unknown')
    .then(() => Date.now() / 1000);
  if (way === 'silent') await giveBack(host, running.end());
  const lost = await running.end();
  // A host that was restarted may take longer than a run waits for it.
  expect(await sshAnswers(lab.address(host), 300, async () => true), `${host} answers`).toBe(true);
  const { code: wasCut, stdout: time } = await lab.exec(host, 'cat /var/tmp/cut-time');
  const order = Object.keys(tasks);
  const bad = lost.tasks.filter(
    ({ task, status }) =>
      ['ok', 'changed', 'skipped'].includes(status) && order.indexOf(task) >= order.indexOf(kind),
  );
  const unknown = lost.tasks.find(({ status }) => status === 'unknown');
  const seconds = (await told) - Number(time);
  const took = `${seconds.toFixed(1)} s after the cut (${unknown?.seconds.toFixed(1)} s for the task)`;
  console.log(`${way} at ${kind}: ${unknown?.task}: unknown ${took}\n${unknown?.message}`);
  expect
    .soft(
      {
        wasCut,
        code: lost.code,
        told: lines(bad.filter(({ task, item }) => task !== 'loop' || item !== 'a')),
      },
      `${way} at ${kind}`,
    )
    .toEqual({ wasCut: 0, code: 4, told: [] });
  expect.soft(lines(lost.tasks), `${way} at ${kind}`).toContain(`${kind}: unknown`);
  // At most 12 s of silence, and 12 s in which the host is asked.
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
  return `${way.padEnd(9)} ${kind.padEnd(9)} ${took}, ${next.told.length} told next, ${unknown?.message?.split('\n')[1]}`;
}

describe('a connection that is cut in the middle of a task', () => {
  test('leaves it unknown, and the next run brings everything about', { timeout: 7_200_000 }, async () => {
    const table = await Promise.all(
      Object.entries(hosts).map(async ([host, { way, at }]) => {
        const rows: string[] = [];
        const isAsked = (kind: Kind) => new RegExp(asked ?? '').test(`${way} at ${kind}`);
        for (const kind of asked === undefined ? at : (Object.keys(tasks) as Kind[]).filter(isAsked))
          rows.push(await cutAt(host, way, kind));
        return rows;
      }),
    );
    console.log(table.flat().join('\n'));
  });
});
