import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startInside } from './inside.ts';
import type { Lab } from './support.ts';
import type { Visited, VisitOrder } from './visitor.ts';

const source = `
import { Visitor } from './visitor.ts';
let visitor;
process.once('disconnect', () => process.exit(1));
process.on('message', async (message) => {
  if (message === 'made') process.send(visitor.made);
  else if (message === 'stop') process.send(await visitor.stop(), () => process.exit(0));
  else {
    visitor = new Visitor(message);
    process.send('visiting');
  }
});
`;

/** Visits the site from outside, by default 1,000 times a second, half by HTTP/1.1 and half by HTTP/2. */
export async function startVisits(lab: Lab, given: Partial<VisitOrder> = {}) {
  const child = await startInside(lab, 'outside', 'visits', source);
  const order: VisitOrder = {
    address: lab.address('balancer1'),
    name: 'www.foobar.com',
    path: '/healthz',
    ca: readFileSync(join(lab.directory, 'pebble-root.pem'), 'utf8'),
    rate: 1000,
    connections: { http1: 30, http2: 30 },
    patience: 20_000,
    ...given,
  };
  await child.ask(order);
  return {
    /** Resolves once that many visits have been made. */
    made: async (count: number): Promise<void> => {
      while (((await child.ask('made')) as number) < count) await sleep(200);
    },
    stop: async () => child.ask('stop') as Promise<Visited>,
  };
}
