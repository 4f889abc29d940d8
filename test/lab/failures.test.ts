import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { balancerKnows } from './balancer.ts';
import { sharedSite } from './shared.ts';
import { copyInventory, foobar, labOf, none, startFoobar, testFolder, untilWhole } from './support.ts';

const lab = sharedSite();
const servers = ['server1', 'server2', 'server3'];

/** One visit from outside: which server answered, or why none did. */
async function visit(): Promise<{ server?: string; problem?: string }> {
  const { code, stdout, stderr } = await lab.exec(
    'outside',
    "curl -sS --max-time 5 -o /dev/null -w '%{http_code} %header{x-served-by}' https://www.foobar.com/",
  );
  const [status, server = ''] = stdout.split(' ');
  return code === 0 && status === '200' ? { server } : { problem: stderr.trim() || `status ${status}` };
}

/** Visits again and again while `work` goes on. Gives how many visits there were, and what was wrong with some. */
async function visitDuring(work: Promise<void>) {
  const visits: Awaited<ReturnType<typeof visit>>[] = [];
  let done = false;
  const working = work.finally(() => {
    done = true;
  });
  working.catch(() => undefined);
  do visits.push(await visit());
  while (!done);
  await working;
  return { count: visits.length, problems: visits.flatMap(({ problem }) => problem ?? []) };
}

describe('a web server that is lost', () => {
  /** Once the balancer has noticed, every visit is served, and by the others. */
  async function missedByNobody(what: string, work: Promise<void>): Promise<void> {
    const { count, problems } = await visitDuring(work.then(() => balancerKnows(lab, { server3: 'DOWN' })));
    console.log(`server3 ${what}: ${problems.length} of ${count} visits failed`, problems);
    const visits = [];
    for (let count = 0; count < 12; count++) visits.push(await visit());
    expect(visits.filter(({ problem }) => problem)).toEqual([]);
    expect(new Set(visits.map(({ server }) => server))).toEqual(new Set(['server1', 'server2']));
  }

  test('is not missed by visitors', () => missedByNobody('shut down', lab.stop('server3')));

  test('is told, and the run goes on with the others', async () => {
    await lab.stop('server3');
    const run = await foobar('provision', lab.inventory);
    expect(run.code).toBe(4);
    expect(run.count('unreachable')).toEqual({ ...none(lab), server3: 1 });
    expect(run.count('failed')).toEqual(none(lab));
    expect(run.told).toEqual([expect.stringMatching(/^server3: .*: unreachable$/)]);
    const { ok } = run.recap!.hosts.server1!;
    expect(ok).toBeGreaterThan(50);
  });

  test('serves again once it is back', async () => {
    await lab.stop('server3');
    await lab.start('server3');
    await expect
      .poll(async () => (await visit()).server, { timeout: 180_000, interval: 100 })
      .toBe('server3');
    await untilWhole(lab);
    const run = await foobar('provision', lab.inventory);
    expect({ code: run.code, told: run.told }).toEqual({ code: 0, told: [] });
  });

  test('is not missed either when its power is cut', async () => {
    await missedByNobody('without power', lab.stop('server3', { hard: true }));
    await lab.start('server3');
    await untilWhole(lab);
  });
});

describe('what is written', () => {
  test('on the primary arrives on both replicas', async () => {
    const closed = await Promise.all(
      servers.map((host) => lab.ask(host, "mysql -NBe 'SELECT @@super_read_only'")),
    );
    expect(closed).toEqual(['0', '1', '1']);
    await lab.ask(
      'server1',
      'mysql site -e "DROP TABLE IF EXISTS arrival; CREATE TABLE arrival (word VARCHAR(20)); INSERT INTO arrival VALUES (\'here\')"',
    );
    const arrived = () =>
      Promise.all(
        ['server2', 'server3'].map(
          async (host) => (await lab.exec(host, "mysql -NB site -e 'SELECT word FROM arrival'")).stdout,
        ),
      );
    await expect.poll(arrived, { timeout: 60_000 }).toEqual(['here\n', 'here\n']);
    await lab.ask('server1', "mysql site -e 'DROP TABLE arrival'");
  });

  test('by a visit is read back from a replica', async () => {
    const page = await lab.ask('outside', 'curl -sS https://www.foobar.com/');
    const words = page
      .replace(/<style>.*<\/style>/s, '')
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ');
    expect(words).toMatch(/answered by server[123] web server/);
    expect(words).toMatch(/wrote to server1 the primary/);
    expect(words).toMatch(/read from server[23] a replica/);
  });
});

describe('Ctrl-C', () => {
  test('ends a run of the site with what was done so far', async () => {
    // It does not end by itself, however late the signal comes.
    const playbook = join(testFolder, 'endless.yml');
    writeFileSync(
      playbook,
      [
        `- import_playbook: ${resolve('playbooks/site.yaml')}`,
        '- hosts: all',
        '  gather_facts: false',
        '  tasks: [{ pause: { minutes: 10 } }]',
      ].join('\n'),
    );
    const run = startFoobar('provision', lab.inventory, '--playbook', playbook);
    expect(await run.until(({ event }) => event === 'task')).toBeDefined();
    run.child.kill('SIGINT');
    const { code, recap, events } = await run.end();
    expect(code).toBe(130);
    expect(Object.keys(recap!.hosts)).toEqual(lab.hosts);
    expect(events.at(-1)).toBe(recap);
  });

  test('lets go of a command that takes long; the next run waits for its end', async () => {
    const playbook = join(testFolder, 'long.yml');
    writeFileSync(
      playbook,
      [
        '- hosts: all',
        '  gather_facts: false',
        '  tasks:',
        "    - { name: Take long, shell: 'touch /root/begun; until test -e /root/enough; do sleep 0.1; done' }",
        '    - { name: Come after, command: touch /root/after }',
      ].join('\n'),
    );
    const succeeds = async (script: string) =>
      (await Promise.all(lab.hosts.map((host) => lab.exec(host, script)))).map(({ code }) => code === 0);
    const [everywhere, nowhere] = [lab.hosts.map(() => true), lab.hosts.map(() => false)];
    const patience = { timeout: 180_000, interval: 100 };

    const run = startFoobar('provision', lab.inventory, '--playbook', playbook);
    try {
      await expect.poll(() => succeeds('test -e /root/begun'), patience).toEqual(everywhere);
      run.child.kill('SIGINT');
      const { code, recap } = await run.end();
      expect(code).toBe(130);
      expect(recap).toBeDefined();

      const next = startFoobar('provision', lab.inventory);
      await expect.poll(() => succeeds('grep -qx flock /proc/[0-9]*/comm'), patience).toEqual(everywhere);
      await succeeds('touch /root/enough');
      const { code: nextCode, told } = await next.end();
      expect({ code: nextCode, told }).toEqual({ code: 0, told: [] });
      expect(await succeeds('test -e /root/after')).toEqual(nowhere);
    } finally {
      run.child.kill('SIGKILL');
      // Whoever holds the hosts lets go of them.
      await succeeds('touch /root/enough');
      await expect.poll(() => succeeds('grep -qx flock /proc/[0-9]*/comm'), patience).toEqual(nowhere);
      await succeeds('rm -f /root/begun /root/enough /root/after');
    }
  });
});

describe('a host that cannot be reached or trusted', () => {
  const small = labOf(copyInventory('lab', 'strangers', (text) => text.replace(/^.*server[23].*\n/gm, '')));
  const playbook = join(testFolder, 'greet.yml');
  const greet = (...more: string[]) => foobar('provision', small.inventory, '--playbook', playbook, ...more);
  const clientAddress = small.address('server1').replace(/\d+$/, '1');

  beforeAll(async () => {
    writeFileSync(
      playbook,
      [
        '- hosts: all',
        '  gather_facts: false',
        '  tasks:',
        '    - { name: Greet, copy: { dest: /root/greeted, content: hello } }',
      ].join('\n'),
    );
    await small.down();
    await small.up();
  });
  afterAll(() => small.down());

  const fingerprint = async (host: string) =>
    (await small.ask(host, 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')).split(' ')[1]!;

  /** What sshd says of whoever connects while `work` goes on. */
  async function heard<T>(host: string, work: () => Promise<T>): Promise<{ result: T; log: string }> {
    await small.ask(
      host,
      'echo LogLevel VERBOSE > /etc/ssh/sshd_config.d/00-verbose.conf && systemctl restart ssh',
    );
    const cursor = /-- cursor: (.*)$/m.exec(
      await small.ask(host, 'journalctl --sync; journalctl -n1 --show-cursor'),
    )![1]!;
    const result = await work();
    const read = () =>
      small.ask(
        host,
        `journalctl --sync; journalctl --after-cursor='${cursor}' -t sshd -t sshd-session -o cat`,
      );
    await expect.poll(read, { timeout: 60_000 }).toMatch(/Connection (closed|reset)|Disconnected from/);
    return { result, log: await read() };
  }

  const authentication = /Accepted|Failed|Postponed|authenticating|Invalid user|session opened/;

  test('is greeted otherwise', async () => {
    const { result, log } = await heard('server1', () => greet());
    expect({ code: result.code, changed: result.count('changed') }).toEqual({
      code: 0,
      changed: { balancer1: 1, server1: 1 },
    });
    expect(log).toMatch(authentication);
  });

  test('is refused before any authentication when its key is not known', async () => {
    const none = join(testFolder, 'known_nobody');
    writeFileSync(none, '');
    const { result, log } = await heard('server1', () =>
      greet(
        '--limit',
        'server1',
        '-e',
        JSON.stringify({ ansible_ssh_common_args: `-o UserKnownHostsFile=${none}` }),
      ),
    );
    expect(result.code).toBe(4);
    expect(result.tasks).toMatchObject([{ host: 'server1', status: 'unreachable' }]);
    expect(result.tasks[0]!.message).toContain(await fingerprint('server1'));
    expect(result.tasks[0]!.message).toMatch(/the host key of .* is not known/);
    expect(log).toContain(`Connection from ${clientAddress}`);
    expect(log).not.toMatch(authentication);
  });

  test('is refused before any authentication when its key has changed; the others go on', async () => {
    const before = await fingerprint('server1');
    await small.destroy('server1');
    await small.start('server1', { keepKnownHosts: true });
    await small.ask('balancer1', 'rm -f /root/greeted');
    const { result, log } = await heard('server1', () => greet());
    expect(result.code).toBe(4);
    expect(result.count('unreachable')).toEqual({ balancer1: 0, server1: 1 });
    expect(result.count('changed')).toEqual({ balancer1: 1, server1: 0 });
    const message = result.tasks.find(({ host }) => host === 'server1')!.message!;
    expect(message).toContain(`HAS CHANGED: it shows ED25519 ${await fingerprint('server1')}`);
    expect(message).toContain(before);
    expect(log).toContain(`Connection from ${clientAddress}`);
    expect(log).not.toMatch(authentication);
    await small.up();
    expect((await greet()).code).toBe(0);
  });

  test('is told when it is silent; the others go on', async () => {
    // The test before has made a stranger of a host.
    await small.up();
    await small.ask('balancer1', 'rm -f /root/greeted');
    await small.cut('server1');
    const run = await greet().finally(() => small.join('server1'));
    expect(run.code).toBe(4);
    expect(run.count('unreachable')).toEqual({ balancer1: 0, server1: 1 });
    expect(run.count('changed')).toEqual({ balancer1: 1, server1: 0 });
    expect(run.tasks.find(({ host }) => host === 'server1')?.message).toContain(small.address('server1'));
    expect((await greet()).code).toBe(0);
  });
});
