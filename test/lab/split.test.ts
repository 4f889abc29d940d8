import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyInventory, foobar, labOf, none, provisioned, verified } from './support.ts';

const lab = labOf(copyInventory('split', 'split'));

beforeAll(async () => {
  await lab.down();
  rmSync(lab.state, { recursive: true, force: true });
  await lab.up();
});
afterAll(() => lab.down());

test('seven hosts become the site from nothing, each with its own part', async () => {
  const began = Date.now();
  await provisioned(lab);
  console.log(`seven hosts from nothing: ${Math.round((Date.now() - began) / 1000)} s`);
  const { code, broken } = await verified(lab);
  expect({ code, broken }).toEqual({ code: 0, broken: [] });

  const services = ['haproxy', 'mysql', 'nginx', 'prometheus', 'prometheus-alertmanager', 'site'];
  const active = async (host: string) => {
    const { stdout } = await lab.exec(host, `systemctl is-active ${services.join(' ')}`);
    const states = stdout.trim().split('\n');
    return services.filter((_name, index) => states[index] === 'active');
  };
  const found = await Promise.all(lab.hosts.map(async (host) => [host, await active(host)] as const));
  expect(Object.fromEntries(found)).toEqual({
    balancer1: ['haproxy'],
    web1: ['nginx', 'site'],
    web2: ['nginx', 'site'],
    db1: ['mysql'],
    db2: ['mysql'],
    db3: ['mysql'],
    monitor1: ['prometheus', 'prometheus-alertmanager'],
  });
});

test('visitors are served by both web servers in turn', async () => {
  const ask =
    "curl -sS --max-time 10 -o /dev/null -w '%{http_code} %header{x-served-by}\\n' https://www.foobar.com/";
  const answers = await lab.ask('outside', `for i in 1 2 3 4 5 6; do ${ask}; done`);
  expect(new Set(answers.split('\n'))).toEqual(new Set(['200 web1', '200 web2']));
});

test('the next run has nothing to do', async () => {
  const run = await foobar('provision', lab.inventory);
  expect({ code: run.code, told: run.told, changed: run.count('changed') }).toEqual({
    code: 0,
    told: [],
    changed: none(lab),
  });
});
