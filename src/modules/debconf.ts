import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import { sh } from '../host/sh.ts';
import { rememberSecret } from '../secrets.ts';
import { state } from './contract.ts';
import { ansibleBoolean, text, withAliases } from './shared/params.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

const params = withAliases(
  z
    .strictObject({
      name: text.describe('Name of the package that asks.').meta({ aliases: ['pkg'] }),
      question: text
        .optional()
        .describe('The question to answer. Without it the questions and answers are only returned.')
        .meta({ aliases: ['selection', 'setting'] }),
      vtype: z
        .enum([
          'boolean',
          'error',
          'multiselect',
          'note',
          'password',
          'seen',
          'select',
          'string',
          'text',
          'title',
        ])
        .optional()
        .describe('Type of the value.'),
      value: z
        .union([text, z.array(text)])
        .optional()
        .describe('The answer; for multiselect a list too.')
        .meta({ aliases: ['answer'] }),
      unseen: ansibleBoolean.default(false).describe('Leave the question to be asked all the same.'),
    })
    .refine(
      (want) => {
        const given = [want.question, want.vtype, want.value].filter((it) => it !== undefined).length;
        return given === 0 || given === 3;
      },
      { error: 'question, vtype and value go together', path: ['question'] },
    )
    .refine((want) => !Array.isArray(want.value) || want.vtype === 'multiselect', {
      error: 'a list is for multiselect only',
      path: ['value'],
    }),
);
type Want = z.output<typeof params>;

interface State {
  /** Question -> answer, as debconf-show tells them. */
  readonly selections: Readonly<Record<string, string>>;
  /** The password that is kept, which debconf-show does not tell. */
  readonly password?: string | undefined;
}

export default state<Want, State>({
  summary: 'Answer questions of packages with debconf.',
  params,

  async have(want, host) {
    if (want.vtype === 'password') rememberSecret(String(want.value));
    const { code, stdout, stderr } = await host.look(sh`debconf-show ${want.name}`, { expect: 'any' });
    if (code !== 0) throw new TaskFailure(`debconf-show ${want.name} on ${host.name}: ${stderr.trim()}`);
    const selections = readSelections(stdout);
    if (want.vtype !== 'password' || !(want.question! in selections)) return { selections };
    const all = await host.look(sh`debconf-get-selections`, { expect: 'any' });
    if (all.code === 127)
      throw new NotYet(
        `debconf-get-selections is not installed on ${host.name}, and nothing else tells a password`,
        'install the package debconf-utils before',
      );
    return { selections, password: readPassword(all.stdout, want) };
  },

  diff(want, have) {
    if (want.question === undefined || isAnswered(want, have)) return [];
    const secret = want.vtype === 'password';
    const from = have.selections[want.question] ?? '';
    return [
      { what: want.question, from: secret ? '********' : from, to: secret ? '********' : line(want, have) },
    ];
  },

  async fix(_changes, want, have, host) {
    const { name, question = '', vtype = '' } = want;
    await host.run(sh`debconf-set-selections ${want.unseen ? ['-u'] : []}`, {
      stdin: [name, question, vtype, line(want, have)].join(' '),
    });
    rememberFor(want, planned(want, have));
  },

  result(want, have) {
    const settled = want.question === undefined || isAnswered(want, have);
    return {
      msg: '',
      current: have.selections,
      ...(settled ? {} : planned(want, have)),
      ...rememberedFor(want),
    };
  },
});

/** What a change returns. */
function planned(want: Want, have: State): Record<string, unknown> {
  const { question = '', vtype } = want;
  const there = have.selections[question];
  return {
    current: { [question]: vtype === 'password' ? '********' : line(want, have) },
    previous: there === undefined ? { ...have.selections, [question]: '' } : { [question]: there },
  };
}

/** Reads `* question: answer` lines; a star is for one that was asked. */
function readSelections(shown: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of shown.split('\n')) {
    const colon = entry.indexOf(':');
    if (colon < 0) continue;
    const question = entry
      .slice(0, colon)
      .replace(/^\*+|\*+$/g, '')
      .trim();
    found[question] = entry.slice(colon + 1).trim();
  }
  return found;
}

function readPassword(all: string, { name, question, vtype }: Want): string {
  for (const entry of all.split('\n')) {
    if (!entry.startsWith(name)) continue;
    const [, asked, type, value] = entry.split('\t');
    if (value === undefined) return '';
    if (asked === question && type === vtype) return value;
  }
  return '';
}

function isAnswered(want: Want, have: State): boolean {
  const there = have.selections[want.question!];
  if (there === undefined) return false;
  if (want.vtype === 'password') return have.password === want.value;
  if (want.vtype === 'boolean') return there.toLowerCase() === line(want, have);
  if (!Array.isArray(want.value)) return there === want.value;
  const words = there.split(',').map((word) => word.trim());
  return words.sort().join(', ') === line(want, have);
}

/** The value as debconf-set-selections takes it. A list is sorted only where it could be compared. */
function line({ value = '', vtype, question = '' }: Want, { selections }: State): string {
  if (Array.isArray(value)) return (question in selections ? [...value].sort() : value).join(', ');
  return vtype === 'boolean' ? value.toLowerCase() : value;
}
