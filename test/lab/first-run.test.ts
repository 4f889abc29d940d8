import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/engine/events.ts';
import { secretsOf } from './secrets.ts';
import { foobar, none, sharedLab, startFoobar, untilWhole } from './support.ts';

const lab = sharedLab();
const servers = ['server1', 'server2', 'server3'];

const onEach = <T>(work: (host: string) => Promise<T>): Promise<T[]> => Promise.all(lab.hosts.map(work));

/** Every file with kind, permissions, owner, size and time, but for logs and what systemd notes of its timers. */
const files = async (host: string) => {
  const kernel = ['/proc', '/sys', '/dev', '/run', '/var/log', '/var/lib/systemd'].map(
    (path) => `-path ${path}`,
  );
  const format = '%p %y %m %u:%g %s %T@\\n';
  return (
    await lab.ask(
      host,
      `find / /tmp /run/lock -xdev \\( ${kernel.join(' -o ')} \\) -prune -o -printf '${format}'`,
    )
  )
    .split('\n')
    .sort();
};

describe('on bare hosts', () => {
  test('there is no Python', async () => {
    const found = await onEach((host) => lab.exec(host, 'command -v python3 || command -v python'));
    expect(found.map(({ stdout }) => stdout)).toEqual(lab.hosts.map(() => ''));
  });

  test('a plan finishes, writes nothing and says what it cannot know yet', async () => {
    const kept = readdirSync(lab.state, { recursive: true }).sort();
    const before = await onEach(files);
    const plan = await foobar('plan', lab.inventory);
    expect(await onEach(files)).toEqual(before);
    expect(readdirSync(lab.state, { recursive: true }).sort()).toEqual(kept);
    const locks = await onEach((host) => lab.exec(host, 'ls -d /var/lib/foobar'));
    expect(locks.map(({ code }) => code)).toEqual(lab.hosts.map(() => 2));

    expect(plan).toMatchObject({ code: 2, stderr: '' });
    expect({ ...plan.count('failed'), ...plan.count('unreachable') }).toEqual(none(lab));
    for (const [host, changed] of Object.entries(plan.count('changed')))
      expect([host, changed > 30]).toEqual([host, true]);
    const open = plan.tasks.filter(({ status }) => status === 'unforeseen');
    const told = new Map(open.map(({ host, task, message }) => [`${host}: ${task}`, message]));
    expect(told.get('server1: nginx : Start Nginx')).toMatch(
      /^cannot be known before the changes above are made: there is no unit nginx\.service/,
    );
    expect(told.get('server2: replication : Keep the others replicas of it')).toMatch(/cannot be known/);
    expect(told.get('server3: certificates : Put the certificate in service')).toMatch(/cannot be known/);
    // What no_log hides is hidden here too.
    expect([...told.values()].filter((message) => !/cannot be known|^\*+$/.test(message ?? ''))).toEqual([]);
  });
});

describe('the first run', () => {
  const secrets = secretsOf(lab, servers);
  /** Where the controller dies, in the order of the playbook: with packages half unpacked, a replica half seeded. */
  const deaths: [string, (event: RunEvent) => boolean][] = [
    [
      "MySQL's packages are unpacked",
      (event) => event.event === 'output' && /^Unpacking mysql/.test(event.line),
    ],
    ['Nginx is installed', (event) => event.event === 'begin' && event.task === 'nginx : Install Nginx'],
    [
      'a replica is seeded',
      (event) => event.event === 'begin' && event.task === 'replication : Keep the others replicas of it',
    ],
    [
      'a certificate is ordered',
      (event) => event.event === 'begin' && event.task === 'certificates : Order or renew the certificate',
    ],
  ];

  test('is killed four times, and the next one ends as if it never were', async () => {
    for (const [moment, comes] of deaths) {
      const run = startFoobar('provision', lab.inventory, ...secrets.runs);
      const came = await run.until(comes);
      run.child.kill('SIGKILL');
      const ended = await run.end();
      secrets.heard(ended);
      const { signal, told } = ended;
      expect({ moment, came: came !== undefined, signal, told: came ? [] : told }).toEqual({
        moment,
        came: true,
        signal: 'SIGKILL',
        told: [],
      });
    }
    const last = await foobar('provision', lab.inventory, ...secrets.runs);
    secrets.heard(last);
    // What -vvv sends to stderr is the commands.
    expect({ code: last.code, failed: last.count('failed') }).toEqual({ code: 0, failed: none(lab) });
    const pending = await onEach((host) => lab.exec(host, 'cat /var/lib/foobar/pending'));
    expect(pending.map(({ stdout }) => stdout)).toEqual(lab.hosts.map(() => ''));
  });

  test('is verified from outside', async () => {
    await untilWhole(lab);
  });

  test('leaves nothing to do', async () => {
    // Without the vault: the same passwords, looked up.
    const run = await foobar('provision', lab.inventory, '-vvv', '--diff');
    secrets.heard(run);
    expect({ code: run.code, told: run.told, changed: run.count('changed') }).toEqual({
      code: 0,
      told: [],
      changed: none(lab),
    });
  });

  test.each(['-4', '-6'])(
    'answers over HTTPS to a visitor who trusts the authority only, by each server in turn (curl %s)',
    async (family) => {
      const ask =
        "curl -sS --max-time 10 -o /dev/null -w '%{http_code} %{ssl_verify_result} %header{x-served-by}\\n'";
      const answers = await lab.ask(
        'outside',
        `for i in $(seq 9); do ${ask} ${family} https://www.foobar.com/; done`,
      );
      const seen = answers.split('\n');
      expect(new Set(seen)).toEqual(new Set(servers.map((server) => `200 0 ${server}`)));
      // The system's own authorities do not know this one.
      const stranger = await lab.exec(
        'outside',
        'curl -sS --capath /nowhere --cacert /dev/null https://www.foobar.com/',
      );
      expect(stranger.code).not.toBe(0);
    },
  );

  test('sends plain HTTP to HTTPS', async () => {
    const said = await lab.ask(
      'outside',
      "curl -sS -o /dev/null -w '%{http_code} %{redirect_url}' http://www.foobar.com/a?b=c",
    );
    expect(said).toBe('308 https://www.foobar.com/a?b=c');
  });

  secrets.kept();

  test('keeps what it made for itself only', () => {
    const kept = readdirSync(lab.state).sort();
    expect(kept).toEqual(expect.arrayContaining(['authorities', 'certificates', 'lab', 'passwords']));
    expect(readdirSync(join(lab.state, 'passwords')).length).toBeGreaterThan(0);
  });
});
