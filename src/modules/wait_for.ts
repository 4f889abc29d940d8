import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { sh } from '../host/sh.ts';
import { action } from './contract.ts';
import { ansibleList, hostPath, integer, seconds, text, withAliases } from './shared/params.ts';
import { pythonRegex } from './shared/python-regex.ts';
import { parseSockets } from './shared/sockets.ts';

const params = withAliases(
  z
    .strictObject({
      host: z.string().default('127.0.0.1').describe('Name or address to connect to, seen from the host.'),
      port: integer.pipe(z.int().min(1).max(65535)).optional().describe('TCP port to wait for.'),
      path: hostPath.optional().describe('File to wait for, in place of port.'),
      search_regex: z
        .string()
        .optional()
        .describe("What the file, or the connection's first answer, must hold, in Python's syntax."),
      state: z
        .enum(['started', 'stopped', 'present', 'absent', 'drained'])
        .default('started')
        .describe(
          'started, present: the port is open, the file is there; stopped, absent: it is not; drained: no connection to the port is left.',
        ),
      timeout: seconds.default(300).describe('Seconds after which it fails.'),
      connect_timeout: seconds.default(5).describe('Seconds that one attempt to connect may take.'),
      delay: seconds.default(0).describe('Seconds to wait before the first look.'),
      sleep: seconds.default(1).describe('Seconds between two looks.'),
      msg: text.optional().describe('What to say in place of the usual when the time is over.'),
      active_connection_states: ansibleList
        .default(['ESTABLISHED', 'FIN_WAIT1', 'FIN_WAIT2', 'SYN_RECV', 'SYN_SENT', 'TIME_WAIT'])
        .describe('For drained: states of a connection that count as not drained.'),
      exclude_hosts: ansibleList
        .default([])
        .describe('For drained: addresses of peers whose connections do not count.'),
    })
    .refine((want) => want.port === undefined || want.path === undefined, {
      error: 'give only one of port and path',
    })
    .refine((want) => want.state === 'drained' || want.exclude_hosts.length === 0, {
      error: 'exclude_hosts should only be with state=drained',
      path: ['exclude_hosts'],
    })
    .refine((want) => want.state !== 'drained' || want.port !== undefined, {
      error: 'state drained needs port',
    }),
);
type Want = z.output<typeof params>;

interface Seen {
  readonly reached: boolean;
  readonly match?: RegExpExecArray | undefined;
}

export default action<Want>({
  summary: 'Wait until a port or a file is as it is to be.',
  params,
  effect: 'reads',
  waits: true,

  async run(want, host, context) {
    const begun = Date.now();
    const elapsed = () => Math.floor((Date.now() - begun) / 1000);
    const left = () => begun + (want.delay + want.timeout) * 1000 - Date.now();
    await setTimeout(want.delay * 1000);
    if (want.port === undefined && want.path === undefined) {
      await setTimeout(want.timeout * 1000);
      return { changed: false, values: { elapsed: elapsed(), state: want.state } };
    }
    for (let look = 0; ; look += 1) {
      const seen = await isReached(want, host);
      if (seen.reached) {
        const { match } = seen;
        return {
          changed: false,
          values: {
            elapsed: elapsed(),
            state: want.state,
            port: want.port ?? null,
            path: want.path ?? null,
            search_regex: want.search_regex ?? null,
            match_groups: match?.slice(1) ?? [],
            match_groupdict: { ...match?.groups },
          },
        };
      }
      if (left() <= 0) {
        const message = want.msg ?? `Timeout when waiting for ${missed(want)}`;
        return { changed: false, failed: message, values: { elapsed: elapsed(), msg: message } };
      }
      if (look === 3) context.say(`waiting: ${wording(want)}`);
      await setTimeout(Math.max(0, Math.min(want.sleep * 1000, left())));
    }
  },
});

/** What did not come in time, in Ansible's words. */
function missed(want: Want): string {
  const where = want.path ?? `${want.host}:${want.port}`;
  if (want.state === 'drained') return `${where} to drain`;
  if (want.state === 'stopped' || want.state === 'absent')
    return want.path === undefined ? `${where} to stop.` : `${where} to be absent.`;
  if (want.search_regex !== undefined) return `search string ${want.search_regex} in ${where}`;
  return want.path === undefined ? where : `file ${where}`;
}

function wording(want: Want): string {
  const what = want.path ?? `${want.host}:${want.port}`;
  const regex = want.search_regex === undefined ? '' : ` with ${want.search_regex}`;
  return `${what} ${want.state}${regex}`;
}

async function isReached(want: Want, host: HostReader): Promise<Seen> {
  const gone = want.state === 'stopped' || want.state === 'absent';
  if (want.state === 'drained') return { reached: !(await hasConnections(want, host)) };
  const seen = want.path === undefined ? await tryPort(want, host) : await readPath(want, want.path, host);
  return gone ? { reached: !seen.reached } : seen;
}

/** bash is essential in Debian and can connect by itself. */
async function tryPort(want: Want, host: HostReader): Promise<Seen> {
  const greeting = want.search_regex === undefined ? '' : '; head -c 4096 <&3';
  const probe = `exec 3<>"/dev/tcp/$0/$1"${greeting}`;
  const tried = await host.look(
    sh`LC_ALL=C timeout ${want.connect_timeout} bash -c ${probe} ${want.host} ${want.port!} 2>&1`,
    { expect: 'any' },
  );
  if (tried.code === 127) throw new TaskFailure(`bash is not installed on ${host.name}`);
  if (want.search_regex === undefined) return { reached: tried.code === 0 };
  // A server that waits for us to speak first keeps the connection open until the time is over.
  return tried.code === 0 || tried.code === 124 ? matching(want, tried.stdout) : { reached: false };
}

async function readPath(want: Want, path: string, host: HostReader): Promise<Seen> {
  if (want.search_regex === undefined)
    return { reached: (await host.look(sh`[ -e ${path} ]`, { expect: [0, 1] })).code === 0 };
  const read = await host.look(sh`cat -- ${path} 2>/dev/null`, { expect: 'any' });
  return read.code === 0 ? matching(want, read.stdout) : { reached: false };
}

function matching(want: Want, content: string): Seen {
  const match = pythonRegex(want.search_regex ?? '', { multiline: true }).exec(content) ?? undefined;
  return { reached: match !== undefined, match };
}

async function hasConnections(want: Want, host: HostReader): Promise<boolean> {
  const { stdout } = await host.look(sh`cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; :`);
  const anywhere = ['0.0.0.0', '::', 'localhost'].includes(want.host);
  return parseSockets(stdout).some(
    (socket) =>
      socket.port === want.port &&
      (anywhere || socket.address === want.host) &&
      want.active_connection_states.includes(socket.state) &&
      !want.exclude_hosts.includes(socket.peer),
  );
}
