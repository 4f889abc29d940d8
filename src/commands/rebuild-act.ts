import type { Play } from '../playbook/contract.ts';
import { databaseGroup } from '../recovery/group.ts';
import { noteBeginning, noteEnd } from '../recovery/machine.ts';
import { proveReplica, untilInService } from '../recovery/proof.ts';
import type { DatabasePlan } from '../recovery/rebuild.ts';
import { count } from '../reporters/text.ts';
import { text } from '../verify/contract.ts';
import { runVariables } from './fleet.ts';
import type { RunOptions } from './options.ts';
import { loadProject } from './project.ts';
import {
  accountsOnly,
  factsOnly,
  runPlays,
  splitAtReplicas,
  tagged,
  withoutOrders,
} from './rebuild-plays.ts';
import { type OpenSite, openSite } from './site.ts';
import type { Teller } from './teller.ts';

export interface RebuildOptions extends Omit<RunOptions, 'output' | 'limit'> {
  readonly host: string;
  /** Do not ask. It never means that data may be discarded. */
  readonly yes: boolean;
  /** Fingerprint of the key that the new server shows. */
  readonly hostKey?: string;
  /** A server whose own transactions may be discarded. */
  readonly discard?: string;
  readonly output?: 'plain' | 'json';
}

/** What was found and decided, for what follows. */
export interface Decided {
  readonly plan: { readonly database?: DatabasePlan };
  readonly balancers: readonly string[];
  readonly others: readonly string[];
  /** The other hosts do not know the target's address yet. */
  readonly isNewAddress: boolean;
  /** A good certificate is kept: none is ordered. */
  readonly keepsCertificate: boolean;
}

/** Tags of what other hosts have that depends on a server's host key or address. */
export const peerTags = ['firewall', 'backup'];

/** Seconds within which the balancers' checks must find a web server healthy. */
const inServicePatience = 60;

/** Does what was decided, step by step. Throws a TaskFailure where it cannot go on. */
export async function act(options: RebuildOptions, decided: Decided, tell: Teller): Promise<void> {
  const { host: target } = options;
  const { plan, others, balancers, isNewAddress } = decided;
  const within = async <T>(work: (open: OpenSite) => Promise<T>): Promise<T> => {
    const waiting = (host: string, owner: string) => tell.say(`${host}: waits for another run: ${owner}`);
    const open = await openSite(options, { changing: true, waiting });
    try {
      return await work(open);
    } finally {
      await open.close();
    }
  };
  await tell.phase(`reach ${target}`, () => within((open) => noteBeginning(open.host(target), isNewAddress)));
  const project = await loadProject(options);
  const variables = runVariables(project, false);
  const run = (plays: readonly Play[], hosts: readonly string[]) =>
    runPlays({ ...variables, playbook: { ...project.playbook, plays } }, hosts, options, tell);
  const all = project.playbook.plays;
  const plays = decided.keepsCertificate ? withoutOrders(all) : all;
  const { database } = plan;
  const [first, rest] = database ? splitAtReplicas(plays) : [[], plays];

  if (isNewAddress) await run(tagged(all, ['firewall']), others);
  await run(factsOnly(all, others), others);
  // Before the target asks: neither would it be let in to be seeded, nor its application.
  if (isNewAddress) await run(accountsOnly(all), database ? [database.primary] : others);
  await run(first, [target]);
  if (database && !options.signal.aborted)
    await tell.phase(`compare every row with ${database.reference}`, () =>
      within(async (open) => {
        const group = databaseGroup(open.site, open.host);
        const same = await proveReplica(group, target, database, tell.say);
        tell.event(
          { event: 'compared', host: target, with: database.reference, ...same },
          `     ${count(same.tables, 'table')} and ${count(same.rows, 'row')} are the same after ${same.gtids}`,
        );
      }),
    );
  await run(rest, [target]);
  await run(isNewAddress ? plays : tagged(plays, peerTags), others);
  if (options.signal.aborted) return;
  await within(async (open) => {
    const socket = text(open.site, target, 'rolling_socket') || '/run/haproxy/admin.sock';
    for (const balancer of balancers)
      await tell.phase(`until ${balancer} sends visitors there`, () =>
        untilInService(open.site.reader(balancer), socket, target, inServicePatience),
      );
    await noteEnd(open.host(target));
  });
}
