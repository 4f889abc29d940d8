import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import type { z } from 'zod';
import { TaskFailure, TransportError } from '../errors.ts';
import type { Host } from '../host/contract.ts';
import { type Command, rawShell, sh } from '../host/sh.ts';
import { type ActionResult, action } from './contract.ts';
import { ansibleList, moduleParams, seconds, text } from './shared/params.ts';
import { bootIdentity, waitForAnswer } from './shared/reboot.ts';

const params = moduleParams({
  pre_reboot_delay: seconds
    .default(0)
    .describe('Seconds until it goes down; whole minutes count, as shutdown has it.')
    .meta({ aliases: ['pre_reboot_delay_sec'] }),
  post_reboot_delay: seconds
    .default(0)
    .describe('Seconds to wait after it went down, before the first attempt to connect.')
    .meta({ aliases: ['post_reboot_delay_sec'] }),
  reboot_timeout: seconds
    .default(600)
    .describe('Seconds that it may take to come up, and again to pass the test.')
    .meta({ aliases: ['reboot_timeout_sec'] }),
  connect_timeout: seconds
    .optional()
    .describe('Seconds that one attempt to connect may take. Default: 15.')
    .meta({ aliases: ['connect_timeout_sec'] }),
  test_command: text.default('whoami').describe('Command that must succeed before the host counts as up.'),
  msg: text.default('Reboot initiated by Ansible').describe('What users of the host are told.'),
  search_paths: ansibleList
    .default(['/sbin', '/bin', '/usr/sbin', '/usr/bin', '/usr/local/sbin'])
    .describe('Where shutdown is looked for.'),
  boot_time_command: text
    .optional()
    .describe('Command whose output differs after a boot. Default: the boot_id of the kernel.'),
  reboot_command: text
    .optional()
    .describe('Command that reboots, in place of shutdown; its program is looked for as shutdown is.'),
});
type Want = z.output<typeof params>;

export default action<Want>({
  summary: 'Reboot a host and wait until it is up again.',
  params,
  effect: 'changes',

  async run(want, host, context) {
    const identity = want.boot_time_command === undefined ? bootIdentity : shell(want.boot_time_command);
    const before = (await host.look(identity)).stdout.trim();
    await refuseController(host);
    const begun = Date.now();
    const done = (more: Partial<ActionResult> & { values: Record<string, unknown> }): ActionResult => ({
      changed: true,
      ...more,
      values: { elapsed: Math.floor((Date.now() - begun) / 1000), ...more.values },
    });

    const refused = await goDown(want, host);
    if (refused !== undefined) {
      const msg = `Reboot command failed. Error was: '${refused}'`;
      return done({ changed: false, failed: msg, values: { rebooted: false, msg } });
    }
    context.say('it goes down');
    await setTimeout(want.post_reboot_delay * 1000);
    const patience = { timeout: want.reboot_timeout, attempt: want.connect_timeout ?? 15, sleep: 1 };
    const up = await waitForAnswer(
      host,
      identity,
      ({ code, stdout }) => code === 0 && stdout.trim() !== '' && stdout.trim() !== before,
      patience,
    );
    if ('error' in up) return done(timedOut('last boot time check', want, up.error));
    const test = await waitForAnswer(host, shell(want.test_command), ({ code }) => code === 0, patience);
    if ('error' in test) return done(timedOut('post-reboot test command', want, test.error));
    return done({ values: { rebooted: true } });
  },
});

function shell(command: string): Command {
  return sh`sh -c ${command}`;
}

function timedOut(what: string, want: Want, error: string) {
  const msg = `Timed out waiting for ${what} (timeout=${want.reboot_timeout}): ${error}`;
  return { failed: msg, values: { rebooted: true, msg } };
}

/** Gives what was said against it. The connection may be gone before the answer is there. */
async function goDown(want: Want, host: Host): Promise<string | undefined> {
  const minutes = Math.floor(want.pre_reboot_delay / 60);
  const command =
    want.reboot_command === undefined
      ? sh`PATH=${want.search_paths.join(':')}:$PATH
if command -v shutdown >/dev/null; then shutdown -r ${minutes === 0 ? 'now' : `+${minutes}`} ${want.msg}; else systemctl reboot; fi`
      : shell(await found(want.reboot_command, want, host));
  try {
    const { code, stdout, stderr } = await host.run(command, { expect: 'any' });
    return code === 0 ? undefined : `${stdout.trim()}, ${stderr.trim()}`;
  } catch (error) {
    if (error instanceof TransportError && error.kind === 'lost') return undefined;
    throw error;
  }
}

/** A command with the path of its program, which is looked for in `search_paths` only, as Ansible does. */
async function found(command: string, { search_paths }: Want, host: Host): Promise<string> {
  const [program = '', ...more] = command.split(' ');
  if (program.startsWith('/')) return command;
  const { code, stdout } = await host.look(
    sh`for d in ${search_paths}; do [ -e "$d"/${program} ] || continue; printf %s "$d"; exit; done; exit 1`,
    { expect: [0, 1] },
  );
  if (code === 0) return [`${stdout}/${program}`, ...more].join(' ');
  const paths = search_paths.map((path) => `'${path}'`).join(', ');
  throw new TaskFailure(`Unable to find command "${program}" in search paths: [${paths}]`);
}

/** With ansible_connection: local the host is the machine that runs the play. */
async function refuseController(host: Host): Promise<void> {
  const { stdout } = await host.look(rawShell('cat /proc/sys/kernel/random/boot_id; uname -n; echo $PPID'));
  const [bootId, name, parent] = stdout.trim().split('\n');
  const own = readBootId();
  if (bootId === own && name === hostname() && isOurs(Number(parent)))
    throw new TaskFailure('Running reboot with local connection would reboot the control node.');
}

function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Whether a process here comes of this one. */
function isOurs(pid: number): boolean {
  for (let at = pid; at > 1; ) {
    if (at === process.pid) return true;
    try {
      const stat = readFileSync(`/proc/${at}/stat`, 'utf8');
      at = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    } catch {
      return false;
    }
  }
  return false;
}
