import { afterAll, beforeAll, expect, test } from 'vitest';
import { networkDifferences } from './network.ts';
import { copyInventory, foobar, labOf, none, provisioned, untilWhole, verified } from './support.ts';
import type { Visited } from './visitor.ts';
import { startVisits } from './visits.ts';

// Nothing goes out of a host either but by the flows.
const held = (text: string) => text.replace(/^( *)flows:$/m, '$1egress: deny\n$&');
const lab = labOf(copyInventory('split', 'split', held));
const balancers = ['balancer1', 'balancer2'];
const { addresses } = lab.plan.site;

beforeAll(() => lab.anew());
afterAll(() => lab.down());

test('eight hosts become the site from nothing, each with its own part', async () => {
  const began = Date.now();
  await provisioned(lab);
  console.log(`eight hosts from nothing: ${Math.round((Date.now() - began) / 1000)} s`);
  await untilWhole(lab);

  const services = [
    'haproxy',
    'keepalived',
    'mysql',
    'nginx',
    'prometheus',
    'prometheus-alertmanager',
    'site',
  ];
  const active = async (host: string) => {
    const { stdout } = await lab.exec(host, `systemctl is-active ${services.join(' ')}`);
    const states = stdout.trim().split('\n');
    return services.filter((_name, index) => states[index] === 'active');
  };
  const found = await Promise.all(lab.hosts.map(async (host) => [host, await active(host)] as const));
  expect(Object.fromEntries(found)).toEqual({
    balancer1: ['haproxy', 'keepalived'],
    balancer2: ['haproxy', 'keepalived'],
    web1: ['nginx', 'site'],
    web2: ['nginx', 'site'],
    db1: ['mysql'],
    db2: ['mysql'],
    db3: ['mysql'],
    monitor1: ['prometheus', 'prometheus-alertmanager'],
  });
});

test('the network is what the flows say, over IPv4 and IPv6, at the virtual addresses too', async () => {
  expect(await networkDifferences(lab)).toEqual({ code: 0, stderr: '', found: [] });
});

test('visitors are served by both web servers in turn', async () => {
  const ask =
    "curl -sS --max-time 10 -o /dev/null -w '%{http_code} %header{x-served-by}\\n' https://www.foobar.com/";
  const answers = await lab.ask('outside', `for i in 1 2 3 4 5 6; do ${ask}; done`);
  expect(new Set(answers.split('\n'))).toEqual(new Set(['200 web1', '200 web2']));
});

/** The balancer that has all virtual addresses. */
async function serving(): Promise<string> {
  const looks = addresses.map((address) => `ip -o address show to ${address}`).join('; ');
  const found = await Promise.all(balancers.map((host) => lab.exec(host, looks)));
  const counts = found.map(({ stdout }) => stdout.trim().split('\n').filter(Boolean).length);
  expect([...counts].sort()).toEqual([0, addresses.length]);
  return balancers[counts.indexOf(addresses.length)]!;
}

const soon = { timeout: 180_000, interval: 100 };
const other = (balancer: string) => balancers.find((each) => each !== balancer)!;

/** Visits at each virtual address, twenty times a second, while something is done; how each went. */
async function visitedDuring(work: () => Promise<void>): Promise<Visited[]> {
  const connections = { http1: 10, http2: 0 };
  const visits = [];
  for (const address of addresses) visits.push(await startVisits(lab, { address, rate: 20, connections }));
  await Promise.all(visits.map(({ made }) => made(60)));
  await work();
  await Promise.all(visits.map(({ made }) => made(160)));
  return Promise.all(visits.map(({ stop }) => stop()));
}

function tell(what: string, visited: readonly Visited[]): void {
  for (const [index, { good, failed, longestGap }] of visited.entries())
    console.log(
      `${what}, ${addresses[index]}: ${longestGap} ms without an answer, ${failed.length} of ${good + failed.length} failed`,
    );
}

test('a balancer that loses its power is replaced by the other one at once, and rebuilt unnoticed', async () => {
  const lost = await serving();
  const outage = await visitedDuring(() => lab.stop(lost, { hard: true }));
  tell('power cut', outage);
  for (const { longestGap } of outage) expect(longestGap).toBeLessThan(20_000);
  await lab.destroy(lost);
  await lab.start(lost, { keepKnownHosts: true });
  const [, key = ''] = (await lab.ask(lost, 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')).split(' ');
  const rebuilding = await visitedDuring(async () => {
    const { code, stderr } = await foobar('rebuild', lab.inventory, lost, '--yes', '--host-key', key);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
  expect(rebuilding.map(({ failed }) => failed)).toEqual(addresses.map(() => []));
  expect(await serving()).toBe(other(lost));
});

test('the next run has nothing to do', async () => {
  const run = await foobar('provision', lab.inventory);
  expect({ code: run.code, told: run.told, changed: run.count('changed') }).toEqual({
    code: 0,
    told: [],
    changed: none(lab),
  });
});

test('HAProxy ends where the addresses are: the other balancer takes them over, and verify says what is wrong', async () => {
  const failing = await serving();
  const outage = await visitedDuring(async () => {
    await lab.ask(failing, 'systemctl stop haproxy');
    await expect.poll(serving, soon).toBe(other(failing));
  });
  tell('HAProxy stopped', outage);
  for (const { longestGap } of outage) expect(longestGap).toBeLessThan(20_000);
  const { code, broken } = await verified(lab);
  expect(code).toBe(1);
  expect(broken.join('\n')).toMatch(
    new RegExp(`^${failing}: https://www.foobar.com at ${lab.address(failing)}`, 'm'),
  );
  expect(broken.join('\n')).not.toContain(other(failing));
  await lab.ask(failing, 'systemctl start haproxy');
  const states = "journalctl -b -u keepalived -o cat | grep -o 'Entering [A-Z]* STATE' | tail -n 1";
  await expect.poll(() => lab.ask(failing, states), soon).toBe('Entering BACKUP STATE');
  await untilWhole(lab);
  expect(await serving()).toBe(other(failing));
});
