import { join } from 'node:path';
import { readCertificate, standing } from '../certificates/store.ts';
import { TaskFailure, TransportError } from '../errors.ts';
import { askMysql } from '../host/queries/mysql.ts';
import { sh } from '../host/sh.ts';
import { decidePrimary } from '../mysql/decide.ts';
import { healthyReplicas, loadSql } from '../mysql/donor.ts';
import { type DatabaseGroup, databaseGroup, readMembers } from '../recovery/group.ts';
import { readMachine } from '../recovery/machine.ts';
import type { DatabaseSituation, Situation } from '../recovery/rebuild.ts';
import { table } from '../reporters/table.ts';
import { readKept } from '../state/files.ts';
import { type Site, text } from '../verify/contract.ts';
import type { OpenSite } from './site.ts';

/** The groups of the shipped playbook that make up a server's part in a site. */
const parts = ['balancer', 'web', 'database', 'monitoring'] as const;

export function partsOf(site: Site, host: string): string[] {
  return parts.filter((part) => site.group(part).includes(host));
}

/** Every other host, and why it does not answer if it does not. */
export async function readLiving(
  site: Site,
  target: string,
): Promise<ReadonlyMap<string, string | undefined>> {
  const others = site.group('all').filter((name) => name !== target);
  const found = others.map(async (name): Promise<[string, string | undefined]> => {
    try {
      await site.reader(name).look(sh`true`);
      return [name, undefined];
    } catch (error) {
      if (!(error instanceof TransportError || error instanceof TaskFailure)) throw error;
      return [name, error.message.split('\n', 1)[0]];
    }
  });
  return new Map(await Promise.all(found));
}

/** The units by which a server does its parts, the database's aside. */
function unitsOf(site: Site, target: string, has: readonly string[]): string[] {
  const units: Record<string, string[]> = {
    balancer: ['haproxy'],
    web: ['nginx', `${text(site, target, 'app_name') || 'site'}.service`],
    monitoring: ['prometheus'],
  };
  return has.flatMap((part) => units[part] ?? []);
}

/** What is known of the site once the target is trusted. */
export async function readSituation(
  open: OpenSite,
  target: string,
  asked: { readonly inventory: string; readonly isNew: boolean; readonly mayDiscard: boolean },
): Promise<Situation> {
  const { site, project } = open;
  const has = partsOf(site, target);
  const units = unitsOf(site, target, has);
  const group = has.includes('database') ? databaseGroup(site, open.host) : undefined;
  const [machine, database] = await Promise.all([
    readMachine(site.reader(target), units, open.settings(target).port),
    group && readDatabase(site, group, target, asked.mayDiscard, project.inventory.stateDirectory),
  ]);
  return {
    target,
    inventory: asked.inventory,
    isNew: asked.isNew,
    parts: has,
    machine,
    units,
    ...(database && { database }),
  };
}

async function readDatabase(
  site: Site,
  group: DatabaseGroup,
  target: string,
  mayDiscard: boolean,
  stateDirectory: string,
): Promise<DatabaseSituation> {
  const members = await readMembers(group);
  const cluster = (await readKept(join(stateDirectory, 'mysql', 'cluster-id')))?.trim() || undefined;
  const hint = text(site, target, 'mysql_primary_hint') || (group.members[0]?.name ?? '');
  const decision = decidePrimary(members, { hint, cluster });
  const self = members.find(({ name }) => name === target)!;
  const primary =
    decision.kind === 'follow' ? members.find(({ name }) => name === decision.primary) : undefined;
  const replicas = primary?.server ? healthyReplicas(self, primary, members) : [];
  const donors = await Promise.all(
    replicas.map(async (member) => {
      const [row] = await askMysql(group.host(member.name), { socket: group.socket, sql: loadSql });
      return { member, running: (row as { running: number }).running };
    }),
  );
  return { members, decision, cluster, mayDiscard, donors };
}

/** Whether the living already know the address: a firewall lets its traffic in, and balancers send some to a web server. */
export async function isKnownAddress(
  site: Site,
  living: readonly string[],
  target: string,
): Promise<boolean> {
  const address = text(site, target, 'address');
  const mentions = async (names: readonly string[], files: readonly string[]): Promise<boolean[]> =>
    Promise.all(
      names.map(async (name) => {
        const found = await site.reader(name).look(sh`grep -sqwF -- ${address} ${files}`, { expect: 'any' });
        return found.code === 0;
      }),
    );
  const isWeb = site.group('web').includes(target);
  const balancers = living.filter((name) => isWeb && site.group('balancer').includes(name));
  const [firewalls, balanced] = await Promise.all([
    mentions(living, ['/etc/ufw/user.rules', '/etc/ufw/user6.rules']),
    mentions(balancers, ['/etc/haproxy/haproxy.cfg']),
  ]);
  return living.length === 0 || (firewalls.includes(true) && balanced.every(Boolean));
}

/** What becomes of the site's certificate: undefined where the target has none. */
export async function keptCertificate(
  site: Site,
  target: string,
  stateDirectory: string,
): Promise<{ readonly names: readonly string[]; readonly isGood: boolean } | undefined> {
  const names = site.variable(target, 'certificates_names');
  const directory = text(site, target, 'acme_directory');
  const own = text(site, target, 'certificates_own_certificate');
  if (!Array.isArray(names) || !partsOf(site, target).includes('web') || directory === '') return undefined;
  const wanted = names.map(String);
  if (own !== '') return { names: wanted, isGood: true };
  const kept = await readCertificate(stateDirectory, { directory, names: wanted });
  const { state } = standing(kept, { names: wanted, now: new Date(), renewAt: 1 });
  return { names: wanted, isGood: state === 'valid' || state === 'due' };
}

/** Who lives and what each host is there for, as a table. */
export function hostsTable(
  site: Site,
  target: string,
  living: ReadonlyMap<string, string | undefined>,
  answer: string,
): string {
  const rows = site.group('all').map((name) => {
    const now = name === target ? answer : (living.get(name) ?? 'answers');
    return [name, partsOf(site, name).join(', '), now];
  });
  const columns = process.stdout.columns ? { columns: process.stdout.columns } : {};
  return table([['host', 'parts', 'now'], ...rows], columns).join('\n');
}

/** The state of each database server, as a table. */
export function databaseTable({ members, decision }: DatabaseSituation): string {
  const rows = members.map(({ name, server, reason }) => {
    const [channel] = server?.channels ?? [];
    if (!server) return [name, reason?.split('\n', 1)[0] ?? 'does not answer'];
    if (decision.kind === 'follow' && decision.primary === name) return [name, 'primary'];
    const follows = channel && `receiver ${channel.receiver}, applier ${channel.applier}`;
    return [name, follows ? `replica of ${channel.host}, ${follows}` : 'follows nobody'];
  });
  return table([['server', 'database'], ...rows]).join('\n');
}
