import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import type { Host } from '../host/contract.ts';
import {
  type BackendServer,
  type BalancerState,
  readHaproxy,
  rereadHaproxy,
  speakToHaproxy,
  splitAnswers,
} from '../host/queries/haproxy.ts';
import { type Change, state } from './contract.ts';
import { ansibleBoolean, hostPath, integer, moduleParams, text } from './shared/params.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

const params = moduleParams({
  state: z
    .enum(['enabled', 'disabled', 'drain'])
    .describe(
      'enabled: it gets traffic when it is healthy; drain: no new sessions, checks go on; disabled: maintenance, no sessions and no checks.',
    ),
  host: text.describe('Name of the server, as the configuration of HAProxy has it.'),
  backend: text.optional().describe('Backend that it belongs to; without it all that have such a server.'),
  socket: hostPath
    .default('/var/run/haproxy.sock')
    .describe('Path of the runtime socket; it must be configured with `level admin`.'),
  drain: ansibleBoolean
    .default(false)
    .describe(
      'With `wait`: until no session is left too. With state disabled it is drained first, and its sessions end by themselves.',
    ),
  shutdown_sessions: ansibleBoolean
    .default(false)
    .describe('With state disabled and without `drain`: end the sessions that it has at once.'),
  weight: text
    .refine((value) => /^\d+%?$/.test(value), { error: 'expected a number, or one with % at its end' })
    .optional()
    .describe('With state enabled: its weight, 0 to 256, or a part of the configured one such as 50%.'),
  health: ansibleBoolean
    .default(false)
    .describe('Enable or disable its health checks too, as the state says.'),
  agent: ansibleBoolean.default(false).describe('Enable or disable its agent checks too, as the state says.'),
  fail_on_not_found: ansibleBoolean
    .default(false)
    .describe('Fail when a backend has no such server; otherwise there is nothing to do then.'),
  wait: ansibleBoolean
    .default(false)
    .describe('Wait until HAProxy says UP, DRAIN or MAINT of it, as the state asks for.'),
  wait_interval: integer.pipe(z.int().min(0)).default(5).describe('Seconds between two looks.'),
  wait_retries: integer.pipe(z.int().min(1)).default(25).describe('How often it looks before it fails.'),
});
type Want = z.output<typeof params>;

const statuses = { enabled: 'UP', disabled: 'MAINT', drain: 'DRAIN' } as const;

export default state<Want, BalancerState>({
  summary: 'Take servers out of HAProxy and put them back, through its runtime socket.',
  params,

  async have(want, host) {
    const found = await readHaproxy(host, want.socket);
    const lacking = want.fail_on_not_found
      ? (want.backend === undefined ? found.backends : [want.backend]).find(
          (backend) => !(found.servers.get(want.host) ?? []).some((server) => server.backend === backend),
        )
      : undefined;
    if (lacking !== undefined)
      throw new TaskFailure(`The specified backend '${lacking}/${want.host}' was not found!`);
    return found;
  },

  diff: (want, have) => meant(want, have).flatMap((server) => differences(want, server)),

  async fix(_changes, want, have, host) {
    const before = meant(want, have);
    const command: string[] = [];
    const output: string[] = [];
    for (const server of before) {
      for (const [target, line] of steps(want, server)) {
        if (line !== '') {
          command.push(line);
          output.push(await send(host, want, line));
        }
        if (want.wait) await waitFor(target, want, server, host);
      }
    }
    rememberFor(want, { command, output, state_before: told(before) });
  },

  // Waiting ends in fix: between that and the proof a check may fail, or a session begin or end.
  verify: (want, _before, after) =>
    meant(want, after).flatMap((server) =>
      differences({ ...want, wait: false, shutdown_sessions: false }, server),
    ),

  result: (want, have) => {
    const now = told(meant(want, have));
    return { state_before: now, state_after: now, ...rememberedFor(want) };
  },
});

function meant(want: Want, have: BalancerState): BackendServer[] {
  const servers = have.servers.get(want.host) ?? [];
  return servers.filter(({ backend }) => want.backend === undefined || backend === want.backend);
}

function told(servers: readonly BackendServer[]): Record<string, string>[] | null {
  if (servers.length === 0) return null;
  return servers.map(({ status, weight, sessions }) => ({ status, weight, scur: String(sessions) }));
}

/** Exported for tests. */
export function differences(want: Want, server: BackendServer): Change[] {
  const list: Change[] = [];
  const name = `${server.backend}/${want.host}`;
  const differs = (what: string, from: unknown, to: unknown, more: Partial<Change> = {}): void => {
    if (from !== to) list.push({ what: `${what} of ${name}`, from, to, ...more });
  };
  const now = server.maintenance ? 'disabled' : server.drained ? 'drain' : 'enabled';
  differs('state', now, want.state);
  if (want.state !== 'drain') {
    const checks = want.state === 'enabled';
    if (want.health && server.healthChecks !== undefined)
      differs('health checks', server.healthChecks, checks);
    if (want.agent && server.agentChecks !== undefined) differs('agent checks', server.agentChecks, checks);
  }
  if (want.state === 'enabled' && want.weight !== undefined)
    differs('weight', server.userWeight, weightOf(want.weight, server));
  if (want.state === 'disabled' && want.shutdown_sessions && !want.drain)
    differs('sessions', server.sessions, 0);
  if (want.wait && list.length === 0 && !isReached(statuses[want.state], want, server))
    list.push({ what: `status of ${name}`, from: server.status, to: statuses[want.state], uncounted: true });
  return list;
}

function weightOf(weight: string, server: BackendServer): number {
  const number = Number.parseInt(weight, 10);
  return weight.endsWith('%') ? Math.trunc((server.initialWeight * number) / 100) : number;
}

/** What is said to HAProxy, each with the status that it leads to. */
function steps(want: Want, server: BackendServer): [status: string, line: string][] {
  const name = `${server.backend}/${want.host}`;
  const target = statuses[want.state];
  if (differences({ ...want, wait: false }, server).length === 0) return [[target, '']];
  const drain: [string, string] = ['DRAIN', `set server ${name} state drain`];
  if (want.state === 'drain') return [drain];
  const verb = want.state === 'enabled' ? 'enable' : 'disable';
  const shutdown = want.state === 'disabled' && want.shutdown_sessions && !want.drain;
  const words = [
    `get weight ${name}`,
    `${verb} server ${name}`,
    ...(want.agent ? [`${verb} agent ${name}`] : []),
    ...(want.health ? [`${verb} health ${name}`] : []),
    ...(want.state === 'enabled' && want.weight !== undefined ? [`set weight ${name} ${want.weight}`] : []),
    ...(shutdown ? [`shutdown sessions server ${name}`] : []),
  ];
  const last: [string, string] = [target, words.join('; ')];
  return want.state === 'disabled' && want.drain && !server.maintenance ? [drain, last] : [last];
}

async function send(host: Host, want: Want, line: string): Promise<string> {
  const { stdout } = await host.run(speakToHaproxy(line, [want.socket]));
  const answer = splitAnswers(stdout)[0];
  if (answer?.reason !== undefined || answer === undefined)
    throw new TaskFailure(`HAProxy does not answer on ${want.socket}: ${answer?.reason ?? 'no answer'}`);
  const refused = answer.text.split('\n').find((said) => /permission denied|No such|Require/i.test(said));
  if (refused !== undefined)
    throw new TaskFailure(
      `HAProxy refuses "${line}": ${refused}`,
      'The socket needs `level admin` in the configuration of HAProxy.',
    );
  return answer.text.trim();
}

/** `track` makes it "MAINT (via backend/server)"; a server that is down is never said to drain. */
function isReached(status: string, want: Want, server: BackendServer): boolean {
  const is = server.status.includes(status) || (status === 'DRAIN' && server.status.includes('DOWN'));
  return is && !(want.drain && want.state !== 'enabled' && server.sessions > 0);
}

async function waitFor(status: string, want: Want, { backend }: BackendServer, host: Host): Promise<void> {
  for (let look = 1; ; look += 1) {
    const now = (await rereadHaproxy(host, want.socket)).servers
      .get(want.host)
      ?.find((server) => server.backend === backend);
    if (now !== undefined && isReached(status, want, now)) return;
    if (look >= want.wait_retries)
      throw new TaskFailure(
        `server ${backend}/${want.host} not status '${status}' after ${want.wait_retries} retries. Aborting.`,
        now && `It is ${now.status} with ${now.sessions} sessions.`,
      );
    await sleep(want.wait_interval * 1000);
  }
}
