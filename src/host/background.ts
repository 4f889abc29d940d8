import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../errors.ts';
import { maskText } from '../secrets.ts';
import type { Output, RunOptions } from './contract.ts';
import type { LiveHost } from './live-host.ts';
import { compose } from './scripts.ts';
import { type Command, quote, rawShell, sh } from './sh.ts';

/** Seconds between two looks whether a command in the background has ended, at most. */
const patience = 1;

/** Shell that puts Ansible's folder of background jobs into `$d`, also where HOME is another user's. */
const folder = 'd=$(getent passwd "$(id -u)" | cut -d: -f6)/.ansible_async';

/** Begins a job: its result says so. Prints the path of that result. */
export function beginJob(job: string): Command {
  const text = JSON.stringify({ started: true, finished: false, ansible_job_id: job });
  return rawShell(
    `${folder}; umask 077; mkdir -p "$d/${job}.d" && ${sh`printf %s ${text}`.text} >"$d/${job}" && echo "$d/${job}"`,
  );
}

/** Its standard input becomes the result of a job. */
export function endJob(job: string): Command {
  return rawShell(
    `${folder}; umask 077; cat >"$d/${job}.new" && mv "$d/${job}.new" "$d/${job}" && rm -rf "$d/${job}.d"`,
  );
}

/** Prints a job's result, nothing for a job that is not known. */
export function readJob(job: string): Command {
  return rawShell(`${folder}; echo "$d"; cat "$d/${job}" 2>/dev/null; true`);
}

export function removeJob(job: string): Command {
  return rawShell(`${folder}; rm -rf "$d/${job}" "$d/${job}.d"`);
}

/**
 * The host, whose commands run detached from the connection and survive it. Others go on meanwhile: it is looked now
 * and then whether they have ended.
 * @param seconds after which a command is ended
 */
export function inBackground(host: LiveHost, job: string, seconds: number): LiveHost {
  let count = 0;
  const run = async (command: Command, options: RunOptions = {}): Promise<Output> => {
    const { expect = [0], timeout = seconds, ...inner } = options;
    const step = `${folder}/${job}.d/${count++}`.replace('d=$(', 's=$(');
    const limit = Math.min(timeout, seconds);
    await host.run(rawShell(detached(step, compose(command, inner), limit)));
    const code = await ended(host, step);
    host.forget();
    const { stdout, stderr } = await host.look(rawShell(`${step}; cat "$s.out"; cat "$s.err" >&2`));
    if (expect !== 'any' && !expect.includes(code))
      throw new CommandError(maskText(command.text), code, maskText(stdout), maskText(stderr));
    return { code, stdout, stderr };
  };
  const job_ = (_id: string, command: Command, options?: RunOptions): Promise<Output> =>
    run(command, options);
  return Object.assign(Object.create(host) as LiveHost, { run, job: job_ });
}

function detached(step: string, script: string, seconds: number): string {
  return [
    `${step}; umask 077`,
    `printf %s ${quote(script)} >"$s.script"`,
    `s="$s" setsid sh -c 'timeout ${seconds} sh "$s.script" >"$s.out" 2>"$s.err" </dev/null; echo $? >"$s.code.new"; mv "$s.code.new" "$s.code"' >/dev/null 2>&1 &`,
  ].join('\n');
}

async function ended(host: LiveHost, step: string): Promise<number> {
  for (let wait = 0.05; ; wait = Math.min(patience, wait * 2)) {
    await sleep(wait * 1000);
    const { stdout } = await host.look(rawShell(`${step}; cat "$s.code" 2>/dev/null; true`));
    if (stdout.trim() !== '') return Number(stdout);
  }
}
