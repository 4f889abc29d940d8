import { hostScope, type RunVariables } from '../engine/variables.ts';
import { FactCache } from '../state/fact-cache.ts';

/**
 * Gives hosts the facts that earlier runs kept of them, where that is asked for: by the variable `foobar_fact_cache`
 * of a host, or for all by Ansible's setting `fact_caching`.
 * @param asked `flush` forgets what was kept (`--flush-cache`), `all` keeps those of all hosts
 */
export async function keptFacts(
  variables: RunVariables,
  { flush, all }: { readonly flush: boolean; readonly all: boolean },
): Promise<{ /** Keeps what this run learned. */ keep(): Promise<void> }> {
  const cache = new FactCache(variables.inventory.stateDirectory);
  if (flush) await cache.flush();
  const known = new Map<string, unknown>();
  const kept = [...variables.hosts].filter(([name]) => all || isKept(variables, name));
  for (const [name, host] of kept) {
    const facts = await cache.read(name);
    if (Object.keys(facts).length > 0) host.learn(facts);
    known.set(name, host.facts);
  }
  const keep = async (): Promise<void> => {
    for (const [name, { facts }] of kept) {
      if (facts === known.get(name)) continue;
      if (Object.keys(facts).length > 0) await cache.write(name, facts);
      else await cache.clear(name);
    }
  };
  return { keep };
}

function isKept(variables: RunVariables, host: string): boolean {
  const scope = hostScope(variables, host);
  return scope.has('foobar_fact_cache') && /^(true|yes|on|1)$/i.test(String(scope.get('foobar_fact_cache')));
}
