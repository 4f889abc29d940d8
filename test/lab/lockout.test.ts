import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { $ } from 'zx';
import type { RunEvent } from '../../src/engine/events.ts';
import { type Lockout, lockouts } from './lockout/cases.ts';
import { copyInventory, foobar, labOf, startFoobar, testFolder } from './support.ts';

/** Seconds; 60 as by default only when asked to. */
const timeout = Number(process.env.FOOBAR_CONFIRM_TIMEOUT ?? 6);
/** Seconds for a host to be back behind its deadline, a boot included, on a busy machine. */
const boot = 120;

const inventory = copyInventory('lab', 'lockout', (text) =>
  text.replace(/(server3: \{)/, '$1 ansible_user: admin, ansible_become: true,'),
);
const lab = labOf(inventory);
const folder = join(testFolder, 'lockout-plays');
mkdirSync(folder, { recursive: true });

/** What an operator's way leads through, as it is on the host, and what must not be left there. */
const state = `
cd /
for path in etc/ssh etc/default/ssh etc/ufw etc/default/ufw etc/sudoers etc/sudoers.d etc/pam.d etc/nologin etc/passwd \\
  etc/shadow etc/group etc/gshadow etc/systemd/network etc/systemd/system home/admin root/.ssh; do
  [ -e $path ] || continue
  find $path \\( -type d -printf '%p %m %u:%g\\n' -o -printf '%p %y %m %u:%g %s %Ts %l\\n' \\) | sort
  find $path -type f -exec sha256sum {} + | sort -k2
done
for family in iptables ip6tables; do $family-save 2>/dev/null | sed '/^#/d; /^:/s/ \\[.*//'; done
ip -o addr show host0 | grep -v fe80 | sed 's/^[0-9]*: *//; s/ valid_lft.*//; s/\\\\.*//'
ip route; ip -6 route | grep -v fe80
systemctl is-enabled ssh; systemctl is-active ssh ufw
ls -d /var/lib/foobar/rollback /var/lib/foobar/rolled-back /run/foobar-rollback 2>/dev/null; true`;

interface Ending {
  readonly code: number | null;
  /** What the run, or where it was killed the next one, says. */
  readonly said: string;
  readonly before: string;
  readonly after: string;
  /** Seconds until the host let us in again, from when it was ready to put back or the accident happened. */
  readonly seconds: number;
}

function write(
  name: string,
  { host, tasks, handlers = '' }: Pick<Lockout, 'host' | 'tasks' | 'handlers'>,
): string {
  const indented = (text: string) => text.trim().replaceAll(/^/gm, '    ');
  const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.yaml`);
  const head = `- hosts: ${host}\n  gather_facts: false\n  vars: { confirm_timeout: ${timeout} }\n`;
  const all = `${head}  tasks:\n${indented(tasks)}\n${handlers && `  handlers:\n${indented(handlers)}\n`}`;
  writeFileSync(file, all);
  return file;
}

/** A new connection, and root there. */
async function letsIn(host: string): Promise<boolean> {
  const options = ['-F', 'none', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=2'];
  const files = [
    '-o',
    `UserKnownHostsFile=${join(lab.directory, 'known_hosts')}`,
    '-i',
    join(lab.directory, 'id_ed25519'),
  ];
  const user = host === 'server3' ? 'admin' : 'root';
  const { stdout } = await $({
    quiet: true,
    nothrow: true,
    timeout: '8s',
  })`ssh ${options} ${files} ${user}@${lab.address(host)} sudo -n id -u`;
  return stdout.trim() === '0';
}

/** Waits until a shell script on the host ends with 0, or there is no sense in it any more. */
async function waitFor(host: string, script: string, goesOn: () => boolean): Promise<boolean> {
  for (;;) {
    const { code } = await lab.exec(host, script).catch(() => ({ code: 1 }));
    if (code === 0) return true;
    if (!goesOn()) return false;
    await sleep(100);
  }
}

async function lockOut(lockout: Lockout): Promise<Ending> {
  const { host, accident } = lockout;
  await lab.ask(host, `rm -f /run/lockout\n${lockout.prepare ?? ''}`);
  const before = await lab.ask(host, state);
  const run = startFoobar('provision', inventory, '--playbook', write(lockout.name, lockout));
  let runs = true;
  const ended = run.end().finally(() => {
    runs = false;
  });
  const wanted = accident ? '[ -e /run/lockout ]' : '[ -e /var/lib/foobar/rollback/armed ]';
  const happens = await waitFor(host, wanted, () => runs);
  const began = performance.now();
  if (accident) expect(happens, `${lockout.name}: its time comes`).toBe(true);
  if (accident === 'kill') run.child.kill('SIGKILL');
  if (accident === 'reboot') await lab.stop(host, { hard: true });
  // The lab's own end of it waits for more than SSH, and for other hosts' starts.
  const started = accident === 'reboot' ? lab.start(host) : undefined;
  started?.catch(() => undefined);
  const inTime = () => performance.now() - began < (timeout + boot) * 1000;
  // Logging in before that would only make sshd refuse us for longer (PerSourcePenalties of sshd_config(5)).
  await waitFor(host, '[ ! -e /var/lib/foobar/rollback ]', inTime);
  while (!(await letsIn(host)) && inTime()) await sleep(300);
  const seconds = (performance.now() - began) / 1000;
  await started;
  const { code, tasks, events } = await ended;
  const next = await foobar('provision', inventory, '--playbook', join(folder, `${host}.yaml`));
  const texts = [...events, ...next.events].flatMap((event: RunEvent) =>
    event.event === 'warning' ? event.message : [],
  );
  const said = [
    ...tasks.flatMap(({ status, message = '' }) => (status === 'failed' ? message : [])),
    ...texts,
  ];
  const after = await lab.ask(host, state);
  if (lockout.tidy) await lab.ask(host, lockout.tidy);
  return { code, said: said.join('\n'), before, after, seconds };
}

const endings = new Map<string, Ending | Error>();
const hosts = [...new Set(lockouts.map(({ host }) => host))];
const asked = process.env.FOOBAR_LOCKOUT;
const wanted = lockouts.filter(({ name, usual }) =>
  asked === undefined ? usual : new RegExp(asked).test(name),
);

beforeAll(async () => {
  await lab.down();
  await lab.up();
  const ready = write('ready', {
    host: 'server2',
    tasks: `
- name: Firewall
  apt: { name: ufw }
- name: SSH
  ufw: { rule: allow, port: "22", proto: tcp }
- name: In force
  ufw: { state: enabled, policy: deny }`,
  });
  const made = await foobar('provision', inventory, '--playbook', ready);
  expect(made.told.filter((line) => !line.endsWith(': changed'))).toEqual([]);
  await Promise.all(
    hosts.map(async (host) => {
      write(host, { host, tasks: '- name: Nothing\n  file: { path: /var/tmp, state: directory }' });
      for (const lockout of wanted)
        if (lockout.host === host) {
          const ending = await lockOut(lockout).catch((error: Error) => error);
          endings.set(lockout.name, ending);
        }
    }),
  );
}, 1_800_000);

describe.each(wanted)('$name', ({ name, says, refused }) => {
  const ending = () => {
    const known = endings.get(name);
    if (!known || known instanceof Error) throw known ?? new Error(`${name} was not tried`);
    return known;
  };

  test('is put back by the host, which lets us in again', () => {
    const { before, after, seconds } = ending();
    expect(after).toBe(before);
    expect(seconds).toBeLessThan(timeout + boot);
    console.log(`${name}: back ${seconds.toFixed(1)} s later`);
  });

  test('is told, and never a success', () => {
    const { code, said } = ending();
    expect(code).not.toBe(0);
    expect(said).toMatch(refused ? /nothing was changed/ : /rolled back at/);
    expect(said).toMatch(says ?? /./);
  });
});

describe('a change that keeps nobody out', () => {
  const left =
    'ls -d /var/lib/foobar/roll* /run/foobar* /etc/systemd/system/foobar* /etc/systemd/system/*/foobar* 2>/dev/null; true';
  const good = write('good', {
    host: 'server1',
    tasks: `
- name: Settings of sshd
  copy: { dest: /etc/ssh/sshd_config.d/00-good.conf, content: "LoginGraceTime 100\\n", mode: "0600" }
  notify: Restart sshd`,
    handlers: '- name: Restart sshd\n  systemd: { name: ssh, state: restarted }',
  });

  test('stays, and nothing else does', async () => {
    const first = await foobar('provision', inventory, '--playbook', good);
    expect({ code: first.code, told: first.told }).toEqual({
      code: 0,
      told: ['server1: Settings of sshd: changed', 'server1: Restart sshd: changed'],
    });
    const again = await foobar('provision', inventory, '--playbook', good);
    expect({ code: again.code, told: again.told }).toEqual({ code: 0, told: [] });
    expect(await lab.ask('server1', left)).toBe('');
  });

  test('is not even armed in check mode', async () => {
    const seen = await foobar('plan', inventory, '--playbook', write('check', lockouts[0] as Lockout));
    expect(seen.told).toContain('server1: Settings of sshd: changed');
    expect(await lab.ask('server1', left)).toBe('');
  });
});
