import type { Catalogue, Full } from '../backup/catalogue.ts';
import { readIdentity } from '../backup/keys.ts';
import { chains, type Range, ranges } from '../backup/plan.ts';
import { formatInstant, formatLocally } from '../backup/time.ts';
import { ExitCode, TaskFailure } from '../errors.ts';
import { sh } from '../host/sh.ts';
import { type BackupSite, backupSite, carry, readPlaces, storedAt } from '../recovery/backup.ts';
import { table } from '../reporters/table.ts';
import { openSite } from './site.ts';
import { type Teller, teller } from './teller.ts';
import type { VerifyOptions } from './verify.ts';

export interface BackupOptions extends VerifyOptions {
  readonly action: 'run' | 'list' | 'verify';
  /** The backup to verify; undefined: the newest. */
  readonly name?: string;
}

/** `foobar backup run`, `list` and `verify`. */
export async function backup(options: BackupOptions): Promise<ExitCode> {
  const tell = teller(options.output === 'json');
  const changing = options.action !== 'list';
  const waiting = (host: string, owner: string) => tell.line(`${host}: waits for another run: ${owner}`);
  const open = await openSite(options, { changing, waiting });
  try {
    const where = backupSite(open.site);
    if (options.action === 'run')
      await tell.phase(`back up on ${where.source}`, async () => {
        const { stdout } = await open
          .host(where.source)
          .job('backup', sh`foobar-backup full && foobar-backup logs`);
        for (const line of stdout.trim().split('\n')) tell.say(line);
      });
    const { catalogue, silent } = await readPlaces(where.places, open.site.reader);
    for (const text of silent) tell.line(`not asked: ${text}`);
    if (options.action !== 'verify') {
      show(catalogue, where, tell);
      return catalogue.fulls.length > 0 ? ExitCode.done : ExitCode.failed;
    }
    const chosen = choose(catalogue, options.name);
    const identity = await readIdentity(open.project.inventory.stateDirectory);
    if (identity === undefined) throw withoutIdentity();
    const stored = storedAt(chosen.name, catalogue, where.places);
    const found = await tell.phase(
      `restore ${chosen.name} of ${stored.place.host} beside the server on ${where.source}`,
      () =>
        carry(stored, open.site.reader, identity, {
          host: open.host(where.source),
          command: sh`foobar-backup verify`,
        }),
    );
    const rows = contentsOf(found);
    tell.event(
      { event: 'verified', name: chosen.name, place: stored.place.host, tables: rows },
      [
        ...table([['table', 'rows', 'checksum'], ...rows.map((row) => [row.table, row.rows, row.checksum])]),
        '',
        `${chosen.name} can be restored: ${rows.length} tables, every row as it was on ${formatLocally(chosen.at)}`,
      ].join('\n'),
    );
    return ExitCode.done;
  } finally {
    await open.close();
  }
}

export function withoutIdentity(): TaskFailure {
  return new TaskFailure(
    'the key that opens the backups is not kept here',
    'It is the file backup/identity of the kept state of this inventory: put a copy of it there.',
  );
}

function choose({ fulls }: Catalogue, name: string | undefined): Full {
  const chosen = name === undefined ? fulls.at(-1) : fulls.find((one) => one.name === name);
  if (chosen) return chosen;
  throw new TaskFailure(
    name === undefined ? 'there is no backup yet' : `there is no backup ${name}`,
    name === undefined ? 'foobar backup run makes one.' : 'foobar backup list shows those that there are.',
  );
}

/** A table of a copy, as `foobar-backup` prints it on two lines. */
export function contentsOf(
  printed: string,
): readonly { readonly table: string; readonly rows: string; readonly checksum: string }[] {
  const lines = printed
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([word]) => word !== 'gtid' && word !== '');
  return lines.flatMap(([schema = '', name = '', rows = ''], index) =>
    index % 2 === 0 ? [{ table: `${schema}.${name}`, rows, checksum: lines[index + 1]?.[1] ?? '' }] : [],
  );
}

function show(catalogue: Catalogue, { places }: BackupSite, tell: Teller): void {
  const found = chains(catalogue);
  const covered = ranges(found);
  const order = (name: string) =>
    places.map(({ host }) => host).filter((host) => catalogue.places.get(name)?.includes(host));
  const rows = found.map(({ full, logs, until }) => ({
    name: full.name,
    at: new Date(full.at / 1000).toISOString(),
    until: new Date(until / 1000).toISOString(),
    bytes: full.size,
    data: full.data,
    logs: logs.length,
    host: full.host,
    places: order(full.name),
  }));
  const elsewhere = new Set(places.filter((place) => place.elsewhere).map(({ host }) => host));
  const words = [
    ...table(
      [
        ['backup', 'made', 'size', 'data', 'of', 'kept on'],
        ...found.map(({ full }) => [
          full.name,
          formatInstant(full.at).replace(/\.\d+/, ''),
          megabytes(full.size),
          megabytes(full.data),
          full.host,
          order(full.name).join(', '),
        ]),
      ],
      { right: [2, 3] },
    ),
    '',
    ...(found.length === 0 ? ['there is no backup yet'] : coverage(covered)),
    ...(found[0] && !order(found[0].full.name).some((host) => elsewhere.has(host))
      ? ['the newest backup is on database servers only: it is lost with them']
      : []),
    ...catalogue.damaged.map((line) => `cannot be read: ${line}`),
  ];
  tell.event({ event: 'backups', backups: rows, ranges: covered.map(isoRange) }, words.join('\n'));
}

/** What can be gone back to, in words; the newest stretch last. */
export function coverage(covered: readonly Range[]): string[] {
  const whole = covered
    .map(({ from, to }) => [Math.ceil(from / 1e6) * 1e6, Math.floor(to / 1e6) * 1e6] as const)
    .filter(([from, to]) => from <= to);
  return [
    whole.length === 0 ? 'there is no second that can be gone back to' : 'any second can be gone back to',
    ...whole.map(([from, to]) => `  from ${formatLocally(from)} to ${formatLocally(to)}`),
  ];
}

function isoRange({ from, to }: Range) {
  return { from: new Date(from / 1000).toISOString(), to: new Date(to / 1000).toISOString() };
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
