import { expect } from 'vitest';
import type { Lab } from './support.ts';

/** What HAProxy takes the web servers for, by name: UP, DOWN, DRAIN, MAINT. Visitors come by this backend. */
async function webServers(lab: Lab): Promise<Record<string, string>> {
  const metrics = 'curl -sS "http://$(hostname -I | cut -d" " -f1):8405/metrics?scope=server"';
  const told = await lab.ask('balancer1', metrics);
  const states = told.matchAll(
    /^haproxy_server_status\{proxy="web_https",server="([^"]+)",state="([A-Z]+)"\} 1$/gm,
  );
  return Object.fromEntries([...states].map(([, server, state]) => [server, state]));
}

/** Resolves once HAProxy takes these web servers for that. */
export async function balancerKnows(lab: Lab, states: Record<string, 'UP' | 'DOWN'>): Promise<void> {
  await expect.poll(() => webServers(lab), { timeout: 180_000 }).toMatchObject(states);
}
