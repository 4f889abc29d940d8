import { spawnSync } from 'node:child_process';
import { TaskFailure } from '../../errors.ts';
import { text } from '../python.ts';
import { inTurn } from '../turn.ts';
import type { LookupCall, Lookups } from './contract.ts';

/** Lookups that run a command on the controller, in the playbook's folder as Ansible does. */
export const commands: Lookups = {
  pipe: (terms, call) => terms.map((term) => output('pipe', text(term), call).trimEnd()),
  lines: (terms, call) => terms.flatMap((term) => lines(output('lines', text(term), call))),
};

function output(lookup: string, command: string, { environment }: LookupCall): string {
  inTurn(`lookup('${lookup}')`);
  const cwd = environment.variables.options.searchDirectories.at(-1);
  const done = spawnSync('/bin/sh', ['-c', command], {
    ...(cwd !== undefined && { cwd }),
    input: '',
    stdio: ['pipe', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (done.error)
    throw new TaskFailure(`the lookup '${lookup}' cannot run ${command}: ${done.error.message}`);
  if (done.status !== 0)
    throw new TaskFailure(`the lookup '${lookup}' ran ${command}: exit code ${done.status ?? done.signal}`);
  return done.stdout.toString('utf8');
}

/** Python's bytes.splitlines. */
export function lines(content: string): string[] {
  const all = content.split(/\r\n|\n|\r/);
  if (all.at(-1) === '') all.pop();
  return all;
}
