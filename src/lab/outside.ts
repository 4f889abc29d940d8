import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { issue, openAuthority } from '../certificates/authority.ts';
import { TaskFailure } from '../errors.ts';
import type { LabPlan } from './contract.ts';
import { writePrivate } from './files.ts';
import type { Layout } from './layout.ts';

/** How many roots of earlier Pebbles stay trusted, so that certificates kept on the controller stay valid. */
const keptRoots = 8;

export const pebbleCa = 'pebble-ca.pem';
export const pebbleRoot = 'pebble-root.pem';

/** Files of the outside host's own layer. The authority of Pebble's HTTPS goes to the controller's folder. */
export async function outsideFiles(plan: LabPlan, lab: Layout): Promise<Record<string, string>> {
  const { address, address6, name } = lab.outside;
  const names = [name, 'localhost', address, '127.0.0.1', ...(address6 ? [address6] : [])];
  const authority = await openAuthority(plan.directory, 'pebble');
  const pair = await issue(authority, { names, days: 365, now: new Date() });
  await writePrivate(join(plan.directory, pebbleCa), authority.certificate);
  return {
    'etc/lab/pebble.crt': pair.chain,
    'etc/lab/pebble.key': pair.key,
    'etc/lab/addresses': addresses(plan, lab),
  };
}

/** Reads the root of the running Pebble and adds it to the controller's file; the newest stands first. */
export async function fetchPebbleRoot(plan: LabPlan, lab: Layout): Promise<string> {
  const ca = await readFile(join(plan.directory, pebbleCa), 'utf8');
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      const root = (await get(`https://${lab.outside.address}:15000/roots/0`, ca)).trim();
      const file = join(plan.directory, pebbleRoot);
      const before =
        (await readFile(file, 'utf8').catch(() => '')).match(/-----BEGIN[\s\S]*?-----END[^\n]*/g) ?? [];
      const roots = [...new Set([root, ...before])].slice(0, keptRoots);
      await writePrivate(file, `${roots.join('\n')}\n`);
      return roots.join('\n');
    } catch (error) {
      if (Date.now() > deadline)
        throw new TaskFailure(
          `Pebble on ${lab.outside.name} does not answer: ${(error as Error).message}`,
          `foobar lab exec ${lab.outside.name} -- journalctl -u lab-pebble`,
        );
      await sleep(100);
    }
  }
}

/** What the lab's DNS answers: every host by its name, and the site's names. */
function addresses(plan: LabPlan, lab: Layout): string {
  const hosts = lab.hosts.flatMap(({ name, address, address6 }) =>
    [address, address6].flatMap((value) => (value ? [`${name} ${value}\n`] : [])),
  );
  const { names, addresses } = plan.site;
  return [...hosts, ...names.flatMap((name) => addresses.map((value) => `${name} ${value}\n`))].join('');
}

function get(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ ca, keepAlive: false });
    const asked = request(url, { agent, timeout: 2000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.once('end', () =>
        response.statusCode === 200
          ? resolve(text)
          : reject(new Error(`${url}: HTTP ${response.statusCode}`)),
      );
      response.once('error', reject);
    });
    asked.once('timeout', () => asked.destroy(new Error(`${url}: no answer`)));
    asked.once('error', reject).end();
  });
}
