import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { readIdentity } from '../backup/keys.ts';
import { chains, planRestore, type RestorePlan, ranges } from '../backup/plan.ts';
import { formatInstant, formatLocally, type Micros, parseInstant } from '../backup/time.ts';
import { ExitCode, ProjectError, TaskFailure } from '../errors.ts';
import { type BackupSite, backupSite, readPlaces, type Stored, storedAt } from '../recovery/backup.ts';
import { compareRows } from '../recovery/checksum.ts';
import { type DatabaseGroup, databaseGroup } from '../recovery/group.ts';
import {
  type Holding,
  makeRoom,
  noteWhole,
  permitOn,
  permitRestore,
  readHoldings,
  restoreData,
  startEmpty,
  startServer,
} from '../recovery/restore.ts';
import { table } from '../reporters/table.ts';
import { keep } from '../state/files.ts';
import { text } from '../verify/contract.ts';
import { verifyDatabase } from '../verify/database.ts';
import { contentsOf, coverage, withoutIdentity } from './backup.ts';
import { confirmed } from './confirm.ts';
import type { RunOptions } from './options.ts';
import { provision } from './provision.ts';
import { type OpenSite, openSite } from './site.ts';
import { type Teller, teller } from './teller.ts';

export interface RestoreOptions extends RunOptions {
  /** As the person wrote it. */
  readonly at: string;
  /** Servers whose data may be replaced. */
  readonly replace: readonly string[];
  /** Do not ask. */
  readonly yes: boolean;
}

/** What was found before anything was asked. */
interface Outlook {
  readonly where: BackupSite;
  readonly primary: string;
  readonly holdings: readonly Holding[];
  readonly plan: RestorePlan;
  readonly full: Stored;
  readonly logs: readonly Stored[];
  readonly identity: string;
  readonly replace: readonly string[];
  /** Tags of the playbook. */
  readonly tags: ReadonlySet<string>;
}

/** The roles that a database server is bare without; a playbook may have its own in the place of the first two. */
const installing = ['base', 'firewall', 'mysql', 'backup'];

/**
 * Brings the database back as it was at an instant: primary from the newest whole backup before it and the binary
 * logs, replicas from the primary.
 * @returns failed when the database does not keep its promises afterwards
 */
export async function restore(options: RestoreOptions): Promise<ExitCode> {
  if (options.limit !== undefined)
    throw new ProjectError([
      {
        message: 'restore takes no --limit: a server that is left out may go on with the old data',
        severity: 'error',
      },
    ]);
  const tell = teller(options.output === 'json');
  const began = performance.now();
  const at = instant(options.at);
  tell.event(
    { event: 'instant', at: new Date(at / 1000).toISOString() },
    `back to ${formatLocally(at)} = ${formatInstant(at)}`,
  );
  const outlook = await withSite(options, tell, (open, group) => look(open, group, options, at, tell));
  show(outlook, at, tell);
  if (!options.yes && !(await confirmed('Go on?')))
    throw new TaskFailure('nothing was changed', 'Without a terminal to ask at, say --yes.');

  const names = outlook.holdings.map(({ name }) => name);
  const limit = [...names, ...outlook.where.places.flatMap((place) => (place.elsewhere ? [place.host] : []))];
  const build = async (what: string, tags: readonly string[]) => {
    const code = await tell.phase(what, () =>
      provision({ ...options, output: options.output ?? 'plain', tags, skipTags: [], limit: limit.join() }),
    );
    if (code !== ExitCode.done)
      throw new TaskFailure(`the playbook failed: ${what}`, 'Mend it and run the restore again.');
  };
  if (outlook.holdings.some(inTheWay))
    await withSite(options, tell, (_open, group) =>
      tell.phase('clear away what no MySQL starts on', async () => {
        // The playbook expects a server that starts.
        const holdings = await readHoldings(group);
        permitRestore(holdings, options.replace);
        await Promise.all(
          holdings.filter(inTheWay).map(async (holding) => {
            const said = await makeRoom(group.host(holding.name), holding, new Date());
            if (said !== '') tell.say(`${holding.name}: ${said}`);
            await startEmpty(group.host(holding.name));
          }),
        );
      }),
    );
  await build(
    'install MySQL where it is missing',
    installing.filter((tag) => outlook.tags.has(tag)),
  );
  await withSite(options, tell, (open, group) => bringBack(open, group, outlook, at, tell));
  await build('seed the replicas', ['replication', 'backup']);
  const kept = await withSite(options, tell, (open, group) => prove(open, group, outlook.primary, tell));
  const seconds = (performance.now() - began) / 1000;
  tell.event(
    { event: 'restored', at: new Date(at / 1000).toISOString(), primary: outlook.primary, seconds },
    `the database is as it was on ${formatLocally(at)}; ${outlook.primary} is the primary (${seconds.toFixed(0)} s)\nfoobar provision brings back what else its servers had; foobar verify looks at the whole site.`,
  );
  return kept ? ExitCode.done : ExitCode.failed;
}

/** What an unfinished restore left, and data that no MySQL answers for. */
function inTheWay({ kind, dead }: Holding): boolean {
  return kind === 'begun' || dead === true;
}

function instant(written: string): Micros {
  try {
    return parseInstant(written);
  } catch (error) {
    throw new ProjectError([{ message: `--at ${(error as Error).message}`, severity: 'error' }]);
  }
}

/** The hosts are locked only while they are needed: the playbook's runs in between lock them too. */
async function withSite<T>(
  options: RestoreOptions,
  tell: Teller,
  work: (open: OpenSite, group: DatabaseGroup) => Promise<T>,
): Promise<T> {
  const waiting = (host: string, owner: string) => tell.line(`${host}: waits for another run: ${owner}`);
  const open = await openSite(options, { changing: true, waiting });
  try {
    return await work(open, databaseGroup(open.site, open.host));
  } finally {
    await open.close();
  }
}

async function look(
  open: OpenSite,
  group: DatabaseGroup,
  options: RestoreOptions,
  at: Micros,
  tell: Teller,
): Promise<Outlook> {
  const where = backupSite(open.site);
  const identity = await readIdentity(open.project.inventory.stateDirectory);
  if (identity === undefined) throw withoutIdentity();
  const [{ catalogue, silent }, holdings] = await tell.phase('look at the backups and the servers', () =>
    Promise.all([readPlaces(where.places, open.site.reader), readHoldings(group)]),
  );
  for (const line of silent) tell.line(`not asked: ${line}`);
  const found = chains(catalogue);
  const plan = planRestore(found, at);
  if (!plan)
    throw new TaskFailure(
      found.length === 0
        ? 'there is no backup in any place that answers'
        : `the backups do not reach ${formatLocally(at)}`,
      found.length === 0
        ? `They are looked for on ${where.places.map(({ host }) => host).join(', ')}.`
        : coverage(ranges(found)).join('\n'),
    );
  permitRestore(holdings, options.replace);
  const [first = ''] = holdings.map(({ name }) => name);
  return {
    where,
    primary: text(open.site, first, 'mysql_primary_hint') || first,
    holdings,
    plan,
    full: storedAt(plan.full.name, catalogue, where.places),
    logs: plan.logs.map(({ name }) => storedAt(name, catalogue, where.places)),
    identity,
    replace: options.replace,
    tags: new Set(open.project.playbook.plays.flatMap((play) => play.tasks.flatMap((task) => task.tags))),
  };
}

function show({ holdings, primary, plan, full, logs }: Outlook, at: Micros, tell: Teller): void {
  const rows = holdings.map(({ name, what, kind }) => [
    name,
    what,
    name === primary ? 'restored, becomes the primary' : 'seeded from the primary',
    kind === 'data'
      ? 'its data make way: set aside, or deleted where they are a file system of their own'
      : '',
  ]);
  tell.event(
    { event: 'plan', primary, backup: plan.full.name, logs: logs.map(({ name }) => name), servers: holdings },
    [
      ...table([['server', 'holds', 'will be', ''], ...rows]),
      '',
      `the backup ${plan.full.name} of ${formatLocally(plan.full.at)}, from ${full.place.host}`,
      `and ${logs.length} binary logs up to ${formatLocally(at)}. What was committed later is left out.`,
    ].join('\n'),
  );
}

async function bringBack(
  open: OpenSite,
  group: DatabaseGroup,
  outlook: Outlook,
  at: Micros,
  tell: Teller,
): Promise<void> {
  const { primary, plan, full, logs, identity } = outlook;
  const host = group.host(primary);
  await permitOn(host, plan);
  // The installation took its time: what is there now counts.
  const holdings = await readHoldings(group);
  permitRestore(holdings, outlook.replace);
  await tell.phase('make room', async () => {
    const now = new Date();
    await Promise.all(
      holdings.map(async (holding) => {
        const said = await makeRoom(group.host(holding.name), holding, now);
        if (said !== '') tell.say(`${holding.name}: ${said}`);
      }),
    );
  });
  const history = randomUUID();
  const outcome = await restoreData(host, open.site.reader, { full, logs, at, history, identity }, tell);
  const rows = contentsOf(outcome);
  tell.event(
    { event: 'contents', tables: rows },
    table([['table', 'rows', 'checksum'], ...rows.map((row) => [row.table, row.rows, row.checksum])]).join(
      '\n',
    ),
  );
  await tell.phase('start the servers, read-only', async () => {
    // Before anything can start on them: a note that stayed would let a later restore delete data that live.
    await noteWhole(host);
    // From here on the new data are the site's, and whatever is left of the old ones is not.
    await keep(join(open.project.inventory.stateDirectory, 'mysql', 'cluster-id'), `${history}\n`);
    await Promise.all(
      group.members.map(async ({ name }) => {
        const server = group.host(name);
        await (name === primary ? startServer(server) : startEmpty(server));
      }),
    );
  });
}

/** Every row of every replica is the primary's, and the database keeps its promises. */
async function prove(open: OpenSite, group: DatabaseGroup, primary: string, tell: Teller): Promise<boolean> {
  const side = (name: string) => ({
    host: group.host(name),
    socket: group.socket,
    isPrimary: name === primary,
  });
  let same = true;
  for (const { name } of group.members.filter((member) => member.name !== primary))
    await tell.phase(`compare all rows of ${name} with those of ${primary}`, async () => {
      const { tables, rows, differences } = await compareRows(side(name), side(primary));
      if (differences.length > 0) same = false;
      tell.event(
        { event: 'compared', host: name, tables, rows, differences },
        differences.length > 0
          ? differences.join('\n')
          : `     ${rows} rows in ${tables} tables are the same`,
      );
    });
  const findings = await tell.phase('look at the database', () => verifyDatabase(open.site));
  for (const finding of findings)
    tell.event(
      { event: 'finding', ...finding },
      `${finding.kept ? 'ok    ' : 'failed'}  ${finding.host}: ${finding.promise}: ${finding.seen}`,
    );
  return same && findings.every(({ kept }) => kept);
}
