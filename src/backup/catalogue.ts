import { z } from 'zod';
import { parseGtidSet } from '../mysql/gtid.ts';

const micros = z.number().int().nonnegative();
const gtids = z.string().refine(isGtidSet, 'no GTID set');
const common = {
  name: z.string().regex(/^[a-z0-9][A-Za-z0-9.-]*$/),
  /** Which history it belongs to: each restore begins a new one. */
  timeline: z.string(),
  /** UUID of the server that it was made on. */
  server: z.string(),
};
const file = { size: z.number(), sha256: z.string().regex(/^[0-9a-f]{64}$/) };

const fullRow = z.object({
  kind: z.literal('full'),
  ...common,
  ...file,
  /** No transaction in it was committed later. */
  at: micros,
  /** The transactions that it holds. */
  gtid: gtids,
  /** Of the MySQL that made it. */
  version: z.string(),
  /** Inventory name of the host that it was made on. */
  host: z.string(),
  /** Bytes of the data as it lies on the server's disk. */
  data: z.number(),
  seconds: z.number(),
});
/** A whole backup. */
export type Full = z.infer<typeof fullRow>;

const logRow = z.object({
  kind: z.literal('log'),
  ...common,
  ...file,
  /** Transactions that were there before its first and after its last. */
  previous: gtids,
  after: gtids,
  /** Commits of the first and the last transaction; none when it holds no transaction. */
  first: micros.nullable(),
  last: micros.nullable(),
});
/** One binary log. */
export type Log = z.infer<typeof logRow>;

const coveredRow = z.object({
  kind: z.literal('covered'),
  ...common,
  /** Every transaction that was committed until then is in this set. */
  until: micros,
  gtid: gtids,
});
/** What a server knew when it last looked after its logs. */
export type Covered = z.infer<typeof coveredRow>;

const row = z.discriminatedUnion('kind', [fullRow, logRow, coveredRow]);

/** Everything that one place or all of them together have. */
export interface Catalogue {
  readonly fulls: readonly Full[];
  readonly logs: readonly Log[];
  readonly covered: readonly Covered[];
  /** Name -> the places that have it. */
  readonly places: ReadonlyMap<string, readonly string[]>;
  /** Lines that could not be read. */
  readonly damaged: readonly string[];
}

/** Puts together what places have listed: one JSON document a line each. */
export function readCatalogue(listings: ReadonlyMap<string, string>): Catalogue {
  const found = new Map<string, z.infer<typeof row>>();
  const places = new Map<string, string[]>();
  const damaged: string[] = [];
  for (const [place, text] of listings)
    for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
      const read = row.safeParse(parse(line));
      if (!read.success) {
        damaged.push(`${place}: ${line.slice(0, 120)}`);
        continue;
      }
      const { data } = read;
      const before = found.get(data.name);
      if (!before || (before.kind === 'covered' && data.kind === 'covered' && before.until < data.until))
        found.set(data.name, data);
      places.set(data.name, [...(places.get(data.name) ?? []), place]);
    }
  const all = [...found.values()];
  return {
    fulls: all.filter((one) => one.kind === 'full').sort((a, b) => a.at - b.at),
    logs: all
      .filter((one) => one.kind === 'log')
      .sort((a, b) => (a.first ?? 0) - (b.first ?? 0) || (a.name < b.name ? -1 : 1)),
    covered: all.filter((one) => one.kind === 'covered'),
    places,
    damaged,
  };
}

function isGtidSet(text: string): boolean {
  try {
    parseGtidSet(text);
    return true;
  } catch {
    return false;
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
