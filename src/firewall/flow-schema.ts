import { z } from 'zod';
import { type Problem, ProjectError } from '../errors.ts';
import { didYouMean } from '../problems.ts';
import { placeAt } from '../yaml/located.ts';
import { schemaProblems } from '../yaml/schema.ts';
import { isNetwork } from './addresses.ts';
import type { FlowSite, Passage, PortRange } from './flows.ts';

/** A flow as it was written. */
export interface Flow extends Pick<Passage, 'protocol' | 'tls' | 'why'> {
  readonly name: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly ports: readonly (PortRange | 'ssh' | 'exporters')[];
}

/** The flows as the inventory has them. Made when they are read: most commands read none. */
function flowsSchema() {
  const ends = z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .transform((value) => (typeof value === 'string' ? [value] : value));
  const numbers = z
    .union([
      z.number().int(),
      z.string().regex(/^\s*\d+(\s*[-:]\s*\d+)?\s*$/, 'expected a port, or two with a - between them'),
    ])
    .transform((value): PortRange => {
      const [first = 0, last = first] = String(value).split(/[-:]/).map(Number);
      return { first, last };
    })
    .refine(
      ({ first, last }) => first >= 1 && first <= last && last <= 65535,
      'ports are between 1 and 65535',
    );
  const words = z.enum(['ssh', 'exporters']);
  const port = z.union([words, numbers]);

  const flow = z
    .strictObject({
      from: ends.describe('Who may connect: groups, hosts, all, internet (anybody), addresses or networks.'),
      to: ends.describe('Whom they may reach, likewise.'),
      ports: z
        .union([port, z.array(port).min(1)])
        .default([])
        .transform((value) => (Array.isArray(value) ? value : [value]))
        .describe(
          "Numbers, ranges (8000-8010), ssh (each target's own) or exporters (those that the target runs).",
        ),
      protocol: z.enum(['tcp', 'udp', 'vrrp']).default('tcp').describe('Protocol; vrrp has no ports.'),
      tls: z.enum(['required']).optional().describe('Nothing but TLS is accepted.'),
      why: z.string().default('').describe('What it is for; for the reader.'),
    })
    .refine(({ ports, protocol }) => (protocol === 'vrrp') === (ports.length === 0), {
      path: ['ports'],
      message: 'tcp and udp need ports, vrrp has none',
    });
  return z.record(z.string(), flow);
}

let made: ReturnType<typeof flowsSchema> | undefined;

/**
 * The flows as the inventory has them, checked: every mistake at once, with its place.
 * @throws ProjectError
 */
export function readFlows(value: unknown, site: Pick<FlowSite, 'hosts' | 'groups'>): Flow[] {
  made ??= flowsSchema();
  const schema = made;
  const problems = schemaProblems(schema, value, { what: 'flows' });
  if (problems.length > 0) throw new ProjectError(problems);
  const flows = Object.entries(schema.parse(value)).map(
    ([name, { tls, ...rest }]): Flow => ({ name, tls: tls === 'required', ...rest }),
  );
  const unknown = flows.flatMap((each) =>
    (['from', 'to'] as const).flatMap((end) =>
      each[end].flatMap((word): Problem[] => {
        const wrong = unknownEnd(word, site);
        return wrong === undefined
          ? []
          : [
              {
                message: `flow ${each.name}: ${wrong}`,
                place: placeAt(value, [each.name, end]),
                hint: didYouMean(word, [...site.groups.keys(), ...site.hosts.keys(), 'internet']),
                severity: 'error',
              },
            ];
      }),
    ),
  );
  if (unknown.length > 0) throw new ProjectError(unknown);
  return flows;
}

function unknownEnd(word: string, { groups, hosts }: Pick<FlowSite, 'hosts' | 'groups'>): string | undefined {
  if (word === 'internet' || word === 'all' || groups.has(word) || hosts.has(word) || isNetwork(word))
    return undefined;
  return `${word} is no group, host, address or network, and not internet or all`;
}
