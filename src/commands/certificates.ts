import { commonName } from '../certificates/judge.ts';
import { formatSpan, formatTime, lifetimeUsed, renewalDue, validityOf } from '../certificates/lifetime.ts';
import { type Failure, type KeptCertificate, listCertificates, listFailures } from '../certificates/store.ts';
import { ExitCode } from '../errors.ts';
import { loadInventory } from '../inventory/load.ts';
import { colors, wantsColor } from '../reporters/colors.ts';
import { table } from '../reporters/table.ts';
import { configured, needsInventory } from './configured.ts';
import type { RunOptions } from './options.ts';
import { provision } from './provision.ts';

export interface CertificatesOptions extends Omit<RunOptions, 'tags' | 'skipTags'> {
  /** Only list; contact nobody. */
  readonly list?: boolean;
}

/** The tag of the role that orders certificates and puts them in service. */
const tag = 'certificates';

/**
 * Lists the kept certificates and renews what is due, by the certificates role of the playbook.
 * @returns failed when a certificate that is due could not be renewed
 */
export async function certificates(given: CertificatesOptions): Promise<ExitCode> {
  const options = configured({ ...given, tags: [], skipTags: [] });
  needsInventory(options);
  const { stateDirectory } = loadInventory(options.inventory);
  const began = new Date();
  const before = await listCertificates(stateDirectory);
  print(before, await listFailures(stateDirectory), began, options);
  if (options.list) return ExitCode.done;

  const code = await provision({ ...options, tags: [tag], skipTags: [] });
  const after = await listCertificates(stateDirectory);
  const failures = (await listFailures(stateDirectory)).filter(({ at }) => new Date(at) >= began);
  const isNew = after.some(({ certificate }) =>
    before.every((old) => old.certificate.fingerprint256 !== certificate.fingerprint256),
  );
  if (isNew || failures.length > 0) print(after, failures, new Date(), options);
  if (code === ExitCode.done && !options.check) warnOfForgotten(after, failures);
  return code === ExitCode.done && failures.length > 0 ? ExitCode.failed : code;
}

/** What is due after a run that did not fail is asked for by no playbook any more. */
function warnOfForgotten(kept: readonly KeptCertificate[], failures: readonly Failure[]): void {
  const now = new Date();
  const tried = new Set(failures.map(({ names }) => [...names].sort().join()));
  for (const { certificate, renewAt, names, folder } of kept) {
    if (renewalDue(validityOf(certificate), renewAt) > now || tried.has([...names].sort().join())) continue;
    process.stderr.write(
      `${names.join(', ')}: due, but the playbook asks for these names no more. Remove ${folder} to forget it.\n`,
    );
  }
}

/** One row of the list, as `--output json` gives it. */
export interface CertificateRow {
  readonly names: readonly string[];
  readonly issuer: string;
  readonly not_before: string;
  readonly not_after: string;
  /** Fraction of the lifetime that is over. */
  readonly used: number;
  readonly renew_after: string;
  readonly directory: string;
  readonly folder: string;
}

export function certificateRow(kept: KeptCertificate, now: Date): CertificateRow {
  const validity = validityOf(kept.certificate);
  return {
    names: kept.names,
    issuer: commonName(kept.certificate.issuer),
    not_before: validity.notBefore.toISOString(),
    not_after: validity.notAfter.toISOString(),
    used: Math.round(lifetimeUsed(validity, now) * 1000) / 1000,
    renew_after: renewalDue(validity, kept.renewAt).toISOString(),
    directory: kept.directory,
    folder: kept.folder,
  };
}

/** Columns below which a terminal gets the table without when it began and where it is from. */
const narrow = 120;

/** Cells of the table, head first. */
export function certificateCells(
  rows: readonly CertificateRow[],
  now: Date,
  columns = Number.POSITIVE_INFINITY,
): string[][] {
  const wide = columns >= narrow;
  const more = (cell: string) => (wide ? [cell] : []);
  return [
    ['names', 'issuer', ...more('valid from'), 'valid until', 'used', 'due', ...more('directory')],
    ...rows.map((row) => [
      row.names.join(', '),
      row.issuer,
      ...more(formatTime(new Date(row.not_before))),
      formatTime(new Date(row.not_after)),
      `${Math.floor(row.used * 100)} %`,
      dueText(row, now),
      ...more(row.directory),
    ]),
  ];
}

function dueText(row: CertificateRow, now: Date): string {
  const left = (time: string) => new Date(time).getTime() - now.getTime();
  if (left(row.not_after) <= 0) return 'expired';
  return left(row.renew_after) <= 0 ? 'now' : `in ${formatSpan(left(row.renew_after))}`;
}

function print(
  kept: readonly KeptCertificate[],
  failures: readonly Failure[],
  now: Date,
  options: CertificatesOptions,
): void {
  const rows = kept.map((certificate) => certificateRow(certificate, now));
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  if (options.output === 'json') {
    write(JSON.stringify({ event: 'certificates', certificates: rows, failures }));
    return;
  }
  const paint = colors(wantsColor(process.stdout));
  if (rows.length === 0) write('no certificate is kept yet');
  else {
    const columns = process.stdout.isTTY ? process.stdout.columns : undefined;
    const cells = certificateCells(rows, now, columns);
    const right = [cells[0]?.indexOf('used') ?? 0];
    for (const line of table(cells, { right, paintHead: paint.dim, ...(columns && { columns }) }))
      write(line);
  }
  for (const failure of failures)
    write(
      paint.red(
        `${failure.names.join(', ')}: the last try failed on ${formatTime(new Date(failure.at))}: ${failure.message}`,
      ),
    );
  write('');
}
