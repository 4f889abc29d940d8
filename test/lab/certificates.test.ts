import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as tls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyInventory, labOf, foobar as runFoobar, startFoobar } from './support.ts';

const inventory = copyInventory('lab', 'certificates', (text) => text.replace(/^.*server3.*\n/gm, ''));
const lab = labOf(inventory);
const { state } = lab;
const servers = ['server1', 'server2'];

const foobar = (command: string, ...more: string[]) => runFoobar(command, inventory, ...more);
const certificates = (...more: string[]) => foobar('provision', '--tags', 'certificates', ...more);

/** Folder of the kept certificate of www.foobar.com. */
function folder(): string {
  const [directory] = readdirSync(join(state, 'certificates'));
  const subjects = readdirSync(join(state, 'certificates', directory!));
  return join(state, 'certificates', directory!, subjects.find((name) => name.startsWith('www.'))!);
}
const kept = () => readFileSync(join(folder(), 'pair.pem'), 'utf8');
const fingerprint = () => new X509Certificate(kept().slice(kept().indexOf('-----BEGIN CERT'))).fingerprint256;

/** Fingerprint of what a server serves to a TLS client that trusts the lab's root only, behind a PROXY header. */
async function served(server: string): Promise<string> {
  const socket = connect(443, lab.address(server));
  socket.write(`PROXY TCP4 198.51.100.7 ${lab.address(server)} 1024 443\r\n`);
  const secure = tls({
    socket,
    servername: 'www.foobar.com',
    ca: readFileSync(join(lab.directory, 'pebble-root.pem')),
  });
  await once(secure, 'secureConnect');
  const { fingerprint256 } = secure.getPeerCertificate();
  secure.destroy();
  return fingerprint256;
}

const tokens = (server: string) => lab.ask(server, 'ls -A /var/www/acme/.well-known/acme-challenge');

/** After a reload Nginx's old workers leave one by one. */
async function serves(server: string, wanted: string): Promise<void> {
  await expect.poll(() => served(server).catch(String), { timeout: 60_000 }).toBe(wanted);
}

beforeAll(() => lab.anew());
afterAll(() => lab.down());

describe("the site's certificate", () => {
  test('is ordered through the balancer once Nginx runs, and served by every web server', async () => {
    const { code, recap, stderr } = await foobar('provision', '--tags', 'nginx,balancer,certificates');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(recap).toBeDefined();
    for (const server of servers) {
      await serves(server, fingerprint());
      expect(await tokens(server)).toBe('');
      expect(await lab.ask(server, 'stat -L -c "%a %U" /etc/nginx/tls/site.key')).toBe('600 root');
    }
    expect(statSync(join(folder(), 'pair.pem')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder())).toEqual(['pair.pem']);
    // The balancer passes TLS through: it has no key.
    expect(await lab.ask('balancer1', 'grep -rl PRIVATE /etc/haproxy || true')).toBe('');
  });

  test('is left alone while it is valid, and listed', async () => {
    const before = kept();
    const { code, recap } = await certificates();
    expect(code).toBe(0);
    expect(Object.values(recap!.hosts).map(({ changed }) => changed)).toEqual([0, 0, 0]);
    expect(kept()).toBe(before);
    const list = await foobar('certificates', '--list');
    expect(list.events).toMatchObject([
      { event: 'certificates', certificates: [{ names: ['www.foobar.com'], used: 0 }], failures: [] },
    ]);
  });

  test('is given to a server that was lost, without a new order', async () => {
    const before = kept();
    await lab.destroy('server2');
    await lab.start('server2');
    const { code } = await foobar('provision', '--tags', 'nginx,balancer,certificates');
    expect(code).toBe(0);
    expect(kept()).toBe(before);
    await serves('server2', fingerprint());
  });

  test('stays in service when the CA is gone, and the failure is told', async () => {
    const before = kept();
    await lab.cut('outside');
    try {
      const renew = ['-e', 'certificates_key_type=rsa'];
      const run = await certificates(...renew);
      expect(run.code).toBe(0);
      expect(run.task('Order or renew the certificate', 'server1')).toMatchObject({
        status: 'failed',
        ignored: true,
        message: expect.stringMatching(/cannot be reached: .*The kept certificate stays in service until/s),
      });
      expect((await foobar('certificates', ...renew)).code).toBe(1);
    } finally {
      await lab.join('outside');
    }
    expect(kept()).toBe(before);
    for (const server of servers) await serves(server, fingerprint());
  });

  test('is replaced by a renewed one, and the old pair comes back where Nginx refuses its files', async () => {
    const before = fingerprint();
    await lab.ask('server2', 'echo "no such directive;" >> /etc/nginx/nginx.conf');
    try {
      const run = await certificates('-e', 'certificates_key_type=rsa');
      expect(run.code).toBe(1);
      expect(run.task('Put the certificate in service', 'server2')?.message).toMatch(
        /nginx -t -q fails with the new certificate, so the old pair is back: .*unknown directive/s,
      );
      expect(fingerprint()).not.toBe(before);
      await serves('server1', fingerprint());
      await serves('server2', before);
    } finally {
      await lab.ask('server2', "sed -i '/no such directive/d' /etc/nginx/nginx.conf && nginx -t -q");
    }
    expect((await certificates('-e', 'certificates_key_type=rsa')).code).toBe(0);
    await serves('server2', fingerprint());
  });

  test('is not asked for while a web server does not answer the token', async () => {
    const before = fingerprint();
    await lab.ask('server2', 'systemctl stop nginx');
    // A name that the CA has not validated before: it may remember that it did for an hour or a month.
    const run = await certificates('-e', '{"certificates_names": ["foobar.com"]}').finally(() =>
      lab.ask('server2', 'systemctl start nginx'),
    );
    expect(run.code).toBe(1);
    expect(run.task('Order or renew the certificate', 'server1')?.message).toMatch(
      /server2 does not answer the token for foobar\.com .*so the CA was not asked to look/,
    );
    expect(run.task('Put the certificate in service', 'server1')?.message).toMatch(
      /no certificate of .* is kept for foobar\.com/,
    );
    for (const server of servers) {
      await serves(server, before);
      expect(await tokens(server)).toBe('');
    }
  });

  test('survives a kill at any moment, with one order taken up again', async () => {
    for (const [index, type] of ['ec-p256', 'rsa', 'ec-p256', 'rsa'].entries()) {
      const renew = ['-e', `certificates_key_type=${type}`];
      const { child } = startFoobar('provision', inventory, '--tags', 'certificates', ...renew);
      const order = join(folder(), 'order.json');
      while (child.exitCode === null && !existsSync(order)) await sleep(5);
      await sleep(index * 300);
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      expect((await certificates(...renew)).code).toBe(0);
      const settled = await certificates(...renew);
      expect(Object.values(settled.recap!.hosts).map(({ changed }) => changed)).toEqual([0, 0, 0]);
      expect(readdirSync(folder())).toEqual(['pair.pem']);
      for (const server of servers) {
        await serves(server, fingerprint());
        expect(await tokens(server)).toBe('');
      }
    }
  });
});
