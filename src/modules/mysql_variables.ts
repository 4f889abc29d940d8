import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import { sqlName, sqlString } from '../mysql/literal.ts';
import { sqlValue } from '../mysql/placeholders.ts';
import { type Change, state } from './contract.ts';
import { loginParams, mysqlAnswers } from './shared/mysql-session.ts';
import { moduleParams, text } from './shared/params.ts';

const params = moduleParams({
  variable: text
    .pipe(z.string().regex(/^[0-9A-Za-z_.]+$/, 'invalid variable name'))
    .describe('Name of the variable.'),
  value: text.optional().describe('Value that it is to have; without one it is only read.'),
  mode: z
    .enum(['global', 'persist', 'persist_only'])
    .default('global')
    .describe('global: until the server starts again; persist: for good; persist_only: from its next start.'),
  ...loginParams,
});
type Want = z.output<typeof params>;

interface State {
  readonly running: string;
  /** In mysqld-auto.cnf; only asked for with persist. */
  readonly persisted: string | undefined;
}

const said = new WeakMap<object, Record<string, unknown>>();

export default state<Want, State>({
  summary: 'Manage the variables of a MySQL or MariaDB server.',
  params,

  async have(want, host) {
    const kept = want.value !== undefined && want.mode !== 'global';
    const [running, persisted] = await mysqlAnswers(host.look.bind(host), host, want, [
      `SHOW GLOBAL VARIABLES WHERE Variable_name = ${sqlString(want.variable)}`,
      ...(kept
        ? [
            `SELECT VARIABLE_VALUE v FROM performance_schema.persisted_variables WHERE VARIABLE_NAME = ${sqlString(want.variable)}`,
          ]
        : []),
    ]);
    const value = running?.rows[0]?.Value;
    if (value === undefined) throw new TaskFailure(`Variable not available "${want.variable}"`);
    const stored = persisted?.rows[0]?.v;
    return { running: String(value), persisted: stored === undefined ? undefined : String(stored) };
  },

  diff(want, have) {
    if (want.value === undefined) return [];
    const to = wanted(want.value, have.running);
    const list: Change[] = [];
    if (want.mode !== 'persist_only' && typed(have.running) !== to)
      list.push({ what: want.variable, from: have.running, to });
    if (want.mode !== 'global' && (have.persisted === undefined || typed(have.persisted) !== to))
      list.push({ what: `${want.variable} in mysqld-auto.cnf`, from: have.persisted ?? null, to });
    return list;
  },

  async fix(_changes, want, have, host) {
    const scope = { global: 'GLOBAL', persist: 'PERSIST', persist_only: 'PERSIST_ONLY' }[want.mode];
    // `cache.key_buffer_size` is a variable of a named cache: MySQL manual, "Structured System Variables".
    const name = want.variable.split('.').map(sqlName).join('.');
    const value = wanted(want.value ?? '', have.running);
    await mysqlAnswers(host.run.bind(host), host, want, [`SET ${scope} ${name} = ${sqlValue(value)}`]);
    const before = want.mode === 'persist_only' ? (have.persisted ?? 'False') : have.running;
    const msg = `Variable change succeeded prev_value=${before}`;
    said.set(want, { msg, queries: [`SET ${scope} ${name} = ${value}`] });
  },

  result(want, have) {
    if (want.value === undefined) return { msg: have.running };
    const settled = {
      global: 'Variable is already set to requested value.',
      persist: 'Variable is already set to requested value globallyand stored into mysqld-auto.cnf file.',
      persist_only: 'Variable is already stored into mysqld-auto.cnf with requested value.',
    };
    return said.get(want) ?? { msg: settled[want.mode] };
  },
});

/** A number where the text is one. */
function typed(value: string): string | number {
  const number = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value) ? Number(value) : Number.NaN;
  return Number.isNaN(number) ? value : number;
}

/** What the server will show: it has ON and OFF for booleans. */
function wanted(value: string, running: string): string | number {
  const given = typed(value);
  if (running !== 'ON' && running !== 'OFF') return given;
  if (given === 1 || /^(on|true|yes)$/i.test(value)) return 'ON';
  return given === 0 || /^(off|false|no)$/i.test(value) ? 'OFF' : given;
}
