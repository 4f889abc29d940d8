import { describeData, type Member, planReplica, replicatesFrom, standing } from '../mysql/cluster.ts';
import type { Decision } from '../mysql/decide.ts';
import { chooseDonor, type Donor, healthyReplicas } from '../mysql/donor.ts';
import type { Machine } from './machine.ts';

/** What is known before anything is done. */
export interface Situation {
  readonly target: string;
  /** The inventory, as commands name it. */
  readonly inventory: string;
  /** What the target is there for, by the inventory's groups. */
  readonly parts: readonly string[];
  readonly machine: Machine;
  /** Its host key is new: it is another machine than the one that was known. */
  readonly isNew: boolean;
  /** Units that run where the target does its part, database aside. */
  readonly units: readonly string[];
  /** Of a target that is a database server. */
  readonly database?: DatabaseSituation;
}

export interface DatabaseSituation {
  readonly members: readonly Member[];
  readonly decision: Decision;
  /** The id of the site's data as kept on the controller. */
  readonly cluster: string | undefined;
  /** A person has said that transactions that only the target has may be discarded. */
  readonly mayDiscard: boolean;
  /** Loads of the replicas that it may be seeded from. */
  readonly donors: readonly Donor[];
}

/** How the target's database comes back. */
export interface DatabasePlan {
  readonly primary: string;
  /** Where the data come from; undefined: it keeps those that it has. */
  readonly donor?: string;
  /** Why it is seeded. */
  readonly why?: string;
  /** Whose rows its rows are compared with. */
  readonly reference: string;
}

export type RebuildPlan =
  | { readonly kind: 'rebuild'; readonly database?: DatabasePlan }
  | { readonly kind: 'refused'; readonly reason: string; readonly hint: string };

/** What is to be done for a lost server, or why nothing may be. */
export function planRebuild(situation: Situation): RebuildPlan {
  const { target, inventory, machine, isNew, units, parts } = situation;
  if ((isNew || !machine.isOurs) && !machine.begun && machine.listening.length > 0)
    return refused(
      `the machine ${isNew ? 'with the new host key ' : ''}is not bare: ${machine.listening.join(', ')}`,
      `Is it ${target}? A server that is to take its place has nothing on it but sshd: install it anew.`,
    );
  const database = situation.database ? planDatabase(situation, situation.database) : undefined;
  if (database?.kind === 'refused') return database;
  const serves = units.every((unit) => machine.running.includes(unit));
  if (!isNew && !machine.begun && serves && (!database || database.serves))
    return refused(
      `${target} is alive and in service (${parts.join(', ')}): there is nothing to rebuild`,
      `foobar provision ${inventory} brings it up to date.`,
    );
  return { kind: 'rebuild', ...(database && { database: database.plan }) };
}

type DatabaseOutcome =
  | { readonly kind: 'refused'; readonly reason: string; readonly hint: string }
  | { readonly kind: 'planned'; readonly plan: DatabasePlan; readonly serves: boolean };

function planDatabase(
  { target, inventory, machine, isNew }: Situation,
  known: DatabaseSituation,
): DatabaseOutcome {
  const { members, decision, cluster, mayDiscard, donors } = known;
  const self = members.find(({ name }) => name === target)!;
  const living = members.filter((member) => member !== self && standing(member, cluster) === 'ours');
  if (living.length === 0 && standing(self, cluster) !== 'ours')
    return cluster === undefined
      ? refused(
          'no database server holds data of this site, and the controller knows of none',
          `foobar provision ${inventory} builds a site.`,
        )
      : refused(
          `every database server is gone: ${members.map(absence).join('; ')}`,
          `foobar restore ${inventory} brings the data back from the newest backup, on bare servers.`,
        );
  if (decision.kind === 'refused') {
    const following = living.filter((member) => replicatesFrom(member, self)).map(({ name }) => name);
    if (following.length > 0 && !self.server)
      return refused(
        `${target} was the primary, and no server has taken its place: ${following.join(' and ')} still follow it`,
        `First make one of them the primary: foobar promote ${inventory} --force. Then rebuild ${target}: it becomes a replica.`,
      );
    return refused(decision.reason, decision.hint ?? `foobar verify ${inventory} tells more.`);
  }
  if (decision.primary === target)
    return refused(
      `${target} lives and is the primary of the database`,
      `foobar promote ${inventory} makes another server the primary first.`,
    );
  const primary = members.find(({ name }) => name === decision.primary)!;
  for (const member of living) {
    if (member === primary) continue;
    const plan = planReplica(member, primary, cluster);
    if (plan.kind === 'refused') return refused(`nothing is built on this: ${plan.reason}`, plan.hint);
  }
  const healthy = healthyReplicas(self, primary, members);
  const reference = healthy[0]?.name ?? primary.name;
  const donor = chooseDonor(primary, donors).name;
  const seeded = (why: string): DatabaseOutcome => ({
    kind: 'planned',
    plan: { primary: primary.name, donor, why, reference },
    serves: false,
  });
  if (!self.server)
    return seeded(
      self.stopped && machine.isOurs && !isNew ? 'none of its data is in service' : 'it has none',
    );
  if (standing(self, cluster) === 'foreign')
    return refused(
      `${target} holds ${describeData(self)}`,
      "It is neither empty nor this site's, and is left alone: install the server anew, or move its data away.",
    );
  const plan = planReplica(self, primary, cluster, mayDiscard);
  if (plan.kind === 'refused')
    return refused(
      plan.reason,
      `They are lost when it is seeded anew. foobar rebuild ${inventory} ${target} --discard ${target} keeps them in a file on the controller first; --yes alone does not.`,
    );
  if (plan.kind === 'seed') return seeded(plan.why);
  const [channel] = self.server.channels;
  return {
    kind: 'planned',
    plan: { primary: primary.name, reference },
    serves: channel?.receiver === 'ON' && channel.applier === 'ON' && replicatesFrom(self, primary),
  };
}

function refused(reason: string, hint: string): { kind: 'refused'; reason: string; hint: string } {
  return { kind: 'refused', reason, hint };
}

function absence({ name, reason }: Member): string {
  return reason === undefined ? `${name} holds no data` : `${name}: ${reason}`;
}
