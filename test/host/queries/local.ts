import { spawnSync } from 'node:child_process';
import type { Query } from '../../../src/host/contract.ts';

/** Runs a query's script with this machine's sh, as the host's shell would. */
export function answers<A, R>(query: Query<A, R>, args: readonly A[]): R[] {
  const ran = spawnSync('sh', ['-s'], { input: query.script(args).text, maxBuffer: 64 << 20 });
  if (ran.status !== 0) throw new Error(`exit code ${ran.status}: ${ran.stderr.toString()}`);
  return query.parse(ran.stdout, args, ran.stderr);
}
