import type { RestorePlan } from '../backup/plan.ts';
import type { Micros } from '../backup/time.ts';
import { CommandError, TaskFailure, TransportError } from '../errors.ts';
import type { Host, HostReader } from '../host/contract.ts';
import { rereadMember } from '../host/queries/mysql_member.ts';
import { type Command, sh } from '../host/sh.ts';
import { permissionFile } from '../host/writable.ts';
import { describeData, type Member, standing } from '../mysql/cluster.ts';
import { carry, type Stored } from './backup.ts';
import type { DatabaseGroup } from './group.ts';
import type { Story } from './story.ts';

/** Where MySQL has its data. */
const dataFolder = '/var/lib/mysql';
/** There from the moment at which a restore has emptied a server until its data are whole. */
const begunFile = '/var/lib/foobar/restore';
/** Who works on a server's data or makes a whole backup of them holds its lock: `foobar-backup` does. */
const backupFolder = '/var/lib/foobar-backup';

/** What a database server holds before a restore. */
export interface Holding {
  readonly name: string;
  /** `begun`: what a restore left that did not come to its end. */
  readonly kind: 'bare' | 'empty' | 'begun' | 'data' | 'unreachable';
  /** In words: what data, or why it cannot be asked. */
  readonly what: string;
  /** There are data, and no MySQL that answers: none can be started on them either, perhaps. */
  readonly dead?: true;
}

/** Looks at every database server. */
export function readHoldings(group: DatabaseGroup): Promise<Holding[]> {
  return Promise.all(
    group.members.map(async ({ name, address }): Promise<Holding> => {
      try {
        const { stdout } = await group.host(name).look(sh`[ ! -e ${begunFile} ] || echo begun
[ ! -d ${dataFolder} ] || [ -z "$(find ${dataFolder} -mindepth 1 -maxdepth 1 ! -name lost+found)" ] || echo data
[ ! -e ${`${dataFolder}/binlog.index`} ] || echo served`);
        const said = stdout.trim().split('\n');
        const member = said.includes('data')
          ? await rereadMember(name, address, group.host(name), group.socket)
          : undefined;
        return judgeHolding(name, said, member);
      } catch (error) {
        if (!(error instanceof TransportError || error instanceof CommandError)) throw error;
        return { name, kind: 'unreachable', what: error.message.split('\n', 1)[0] ?? '' };
      }
    }),
  );
}

/**
 * What a server holds. The note of a restore that did not come to its end counts for nothing where MySQL answers or has
 * ever served: no restore starts one before its note is gone, so these data are somebody's.
 * @param said of `begun` (there is a note), `data` (there are files) and `served` (MySQL has run on them with a binary log)
 * @param member what MySQL answers, where there are files
 */
export function judgeHolding(name: string, said: readonly string[], member: Member | undefined): Holding {
  const begun: Holding = { name, kind: 'begun', what: 'what an unfinished restore left' };
  if (!member) return said.includes('begun') ? begun : { name, kind: 'bare', what: 'no data' };
  const { server, reason } = member;
  if (!server)
    return said.includes('begun') && !said.includes('served')
      ? begun
      : { name, kind: 'data', what: `data of a MySQL that does not answer (${reason})`, dead: true };
  if (standing(member, undefined) === 'empty') return { name, kind: 'empty', what: 'MySQL without data' };
  const what = standing(member, undefined) === 'ours' ? 'the data of this site' : describeData(member);
  return { name, kind: 'data', what: `${what}${server.readOnly ? '' : ', and takes writes'}` };
}

/**
 * Whether the servers may be given other data.
 * @param replaced those of which a person has said by name that their data may be replaced
 * @throws TaskFailure with everything that is against it
 */
export function permitRestore(holdings: readonly Holding[], replaced: readonly string[]): void {
  const unknown = replaced.filter((name) => holdings.every((one) => one.name !== name));
  if (unknown.length > 0)
    throw new TaskFailure(`${unknown.join(' and ')} is no database server of the inventory`);
  const silent = holdings.filter(({ kind }) => kind === 'unreachable');
  if (silent.length > 0)
    throw new TaskFailure(
      `a restore begins with every database server known: ${silent.map(({ name, what }) => `${name}: ${what}`).join('; ')}`,
      'A server that is gone for good is taken out of the inventory first. One that lives might go on with the old data.',
    );
  const living = holdings.filter(({ name, kind }) => kind === 'data' && !replaced.includes(name));
  if (living.length > 0)
    throw new TaskFailure(
      `there is living data: ${living.map(({ name, what }) => `${name} holds ${what}`).join('; ')}`,
      `Where it is to make way, say so by name: --replace ${living.map(({ name }) => name).join(',')}. Where one server still has all of it, foobar promote and foobar rebuild lose nothing.`,
    );
}

/** While nobody else works on the server's data or makes a whole backup of them: what a killed restore began may still run. */
function alone(work: Command): Command {
  return sh`mkdir -p -m 0700 ${backupFolder} && (
flock -w 60 9 || { echo 'a whole backup, its test or a restore that was killed still works on this host: run this again once systemctl status foobar-backup foobar-backup-test and ps -C foobar-backup show nothing' >&2; exit 1; }
${work}
) 9>>${`${backupFolder}/lock-full`}`;
}

/** Empties a server: data that it holds are moved aside, or deleted where they are a file system of their own. */
export async function makeRoom(host: Host, { kind }: Holding, now: Date): Promise<string> {
  const aside = `${dataFolder}-before-${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  const keeps = kind === 'data' ? 'keep' : '';
  // The note comes last: before that the data are those that a person has to name.
  const { stdout } = await host.run(
    alone(sh`umask 077
! systemctl cat mysql.service >/dev/null 2>&1 || systemctl stop mysql || exit
if [ ! -e ${dataFolder} ]; then :
elif [ -n ${keeps} ] && ! mountpoint -q ${dataFolder}; then mv ${dataFolder} ${aside} && echo ${`its data are in ${aside}`} || exit
else find ${dataFolder} -mindepth 1 -delete || exit; fi
rm -f ${permissionFile}
mkdir -p /var/lib/foobar && date >${begunFile} && sync ${begunFile} || exit
! getent passwd mysql >/dev/null || install -d -o mysql -g mysql -m 0700 ${dataFolder}`),
  );
  return stdout.trim();
}

/** Makes a MySQL without data of an emptied server, to be seeded; nothing where it is not installed. */
export async function startEmpty(host: Host): Promise<void> {
  await host.job(
    'restore-empty',
    alone(sh`! command -v mysqld >/dev/null || {
mysqld --defaults-file=/etc/mysql/my.cnf --user=mysql --initialize-insecure 9>&- || exit
rm -f ${begunFile} && systemctl start mysql 9>&-
}`),
  );
}

/** The data are whole, and a next restore does not take them for what it may delete. */
export async function noteWhole(host: Host): Promise<void> {
  await host.run(sh`rm -f ${begunFile} && sync /var/lib/foobar`);
}

/**
 * @throws TaskFailure when the server cannot take the backup: another release series, or too little room
 */
export async function permitOn(host: HostReader, { full, logs }: RestorePlan): Promise<void> {
  const { stdout } = await host.look(sh`mysqld --version; df -P -k ${dataFolder} | tail -n 1`);
  const [, version = ''] = /Ver (\S+)/.exec(stdout) ?? [];
  const series = (text: string) => text.split('.', 2).join('.');
  if (series(version) !== series(full.version))
    throw new TaskFailure(
      `${full.name} is of MySQL ${full.version}, and ${host.name} has ${version}`,
      'A whole backup is restored by the release series that made it: install that one, and upgrade afterwards.',
    );
  const free = Number(stdout.trim().split('\n').at(-1)?.split(/\s+/)[3]) * 1024;
  const needed = full.data + logs.reduce((sum, { size }) => sum + 12 * size, 0);
  if (!(free >= needed))
    throw new TaskFailure(
      `${host.name} has ${Number.isNaN(free) ? 'an unknown amount' : gigabytes(free)} left for the data, and needs some ${gigabytes(needed)}`,
    );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

export interface Restoring {
  readonly full: Stored;
  readonly logs: readonly Stored[];
  readonly at: Micros;
  /** Id of the history that begins. */
  readonly history: string;
  readonly identity: string;
}

/**
 * Puts the whole backup on an emptied server, compares it with what was backed up, and replays the logs. The server is
 * stopped before and after.
 * @returns transactions and tables of the outcome, as `foobar-backup` prints them
 */
export async function restoreData(
  host: Host,
  reader: (name: string) => HostReader,
  { full, logs, at, history, identity }: Restoring,
  tell: Story,
): Promise<string> {
  await tell.phase(`restore ${full.name} of ${full.place.host} on ${host.name}, and compare it`, () =>
    carry(full, reader, identity, { host, command: sh`foobar-backup restore ${dataFolder}` }),
  );
  return tell.phase(`replay ${logs.length} binary logs on ${host.name}`, async () => {
    for (const log of logs)
      await carry(log, reader, identity, { host, command: sh`foobar-backup receive ${log.name}` });
    const names = logs.map(({ name }) => name);
    const { stdout } = await host.job(
      'restore-replay',
      sh`foobar-backup replay ${dataFolder} ${at} ${history} ${names}`,
    );
    return stdout;
  });
}

export async function startServer(host: Host): Promise<void> {
  await host.run(sh`systemctl start mysql`);
}
