import type { Member } from './cluster.ts';
import { semiSync } from './semisync.ts';

/**
 * What may be lost when the primary is gone: the transactions that it acknowledged alone. In words.
 * @param group how many servers there are
 */
export function mayBeLost(survivors: readonly Member[], group: number): string {
  const acknowledging = survivors.filter(({ server }) => semiSync(server!).replicaEnabled);
  const last = survivors
    .flatMap(({ server }) => server!.channels.map(({ lastSeen }) => lastSeen))
    .sort()
    .at(-1);
  if (acknowledging.length === 0)
    return `what the old primary took after ${last || 'it was last heard'}: its replicas did not acknowledge (no semi-sync)`;
  if (survivors.length < group - 1)
    return `what the old primary acknowledged after ${last || 'it was last heard'} and only servers have that do not answer`;
  return `nothing that was acknowledged while semi-sync was in force; the old primary was last heard ${last || 'before the replicas started'}, and may have acknowledged more by itself since`;
}
