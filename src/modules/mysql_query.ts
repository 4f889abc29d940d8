import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { withArguments } from '../mysql/placeholders.ts';
import { typedRows } from '../mysql/session.ts';
import { type ActionResult, action } from './contract.ts';
import { loginParams, mysqlSession, mysqlTypes } from './shared/mysql-session.ts';
import { ansibleBoolean, text, withAliases } from './shared/params.ts';
import { pythonRepr } from './shared/python-text.ts';

const queries = z.preprocess(
  (value) => (typeof value === 'string' ? [value] : value),
  z.array(z.string({ error: 'the elements in query list must be strings' }), {
    error: 'the query option value must be a string or list',
  }),
);

const params = withAliases(
  z
    .strictObject({
      query: queries.describe('The statement to run, or several; placeholders are %s or %(name)s.'),
      login_db: text.optional().describe('Database that the statements are about.'),
      positional_args: z.array(z.unknown()).optional().describe('Values for %s, in their order.'),
      named_args: z.record(z.string(), z.unknown()).optional().describe('Values for %(name)s.'),
      single_transaction: ansibleBoolean.default(false).describe('All statements together or none.'),
      ...loginParams,
    })
    .refine((want) => want.positional_args === undefined || want.named_args === undefined, {
      error: 'parameters are mutually exclusive: positional_args|named_args',
      path: ['named_args'],
    }),
);
type Want = z.output<typeof params>;

const rowKeywords = /INSERT|UPDATE|DELETE|REPLACE/;
const onlyReads = /^\s*(select|show|explain|describe|desc)\b/i;
const schemaKeywords = /CREATE|DROP|ALTER|RENAME|TRUNCATE/;

export default action<Want>({
  summary: 'Run SQL on a MySQL or MariaDB server.',
  params,
  effect: 'changes',

  // Where Ansible's module skips all, a plan that told of changes would lie.
  settled: async (want, host, { check }) =>
    check && want.query.every((query) => onlyReads.test(query) && !/\binto\b/i.test(query))
      ? answered(
          { ...want, single_transaction: true },
          host,
          host.look.bind(host),
          'START TRANSACTION READ ONLY',
        )
      : undefined,

  run: (want, host) => answered(want, host, host.run.bind(host), 'START TRANSACTION'),
});

async function answered(
  want: Want,
  host: HostReader,
  run: HostReader['look'],
  begin: string,
): Promise<ActionResult> {
  const statements = want.query.map((query) => filled(query, want));
  const around = want.single_transaction ? [begin, ...statements, 'COMMIT'] : [...statements];
  const first = want.single_transaction ? 1 : 0;
  const session = await mysqlSession(run, host, want, around, want.login_db);
  if (session.error !== undefined) {
    const at = Math.max(0, session.answers.length - first);
    const args = want.positional_args?.length ? want.positional_args : (want.named_args ?? null);
    throw new TaskFailure(
      `Cannot execute SQL '${want.query[at] ?? 'COMMIT'}' args [${pythonRepr(args)}]: ${session.error.text}`,
    );
  }
  const answers = session.answers.slice(first, first + statements.length);
  const types = answers.some(({ rows }) => rows.length > 0)
    ? await mysqlTypes(host, want, statements, want.login_db)
    : [];
  const changed = want.query.some((query, index) => {
    const head = query.trimStart().slice(0, 'TRUNCATE'.length).toUpperCase();
    return schemaKeywords.test(head) || (rowKeywords.test(head) && (answers[index]?.count ?? 0) > 0);
  });
  return {
    changed,
    values: {
      executed_queries: statements,
      query_result: answers.map(({ rows }, index) => typedRows(rows, types[index] ?? {})),
      rowcount: answers.map(({ count }) => count),
      execution_time_ms: answers.map(({ milliseconds }) => milliseconds),
    },
  };
}

function filled(query: string, want: Want): string {
  const named = want.named_args && Object.keys(want.named_args).length > 0 ? want.named_args : undefined;
  const positional = want.positional_args?.length ? want.positional_args : undefined;
  try {
    return withArguments(query, positional, named);
  } catch (error) {
    throw new TaskFailure(`Cannot execute SQL '${query}': ${(error as Error).message}`);
  }
}
