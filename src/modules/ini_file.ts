import { dirname } from 'node:path/posix';
import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import { contents } from '../host/queries/contents.ts';
import { type FileStat, stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { state } from './contract.ts';
import { type Attributes, fileAttributes, requireNames } from './shared/attributes.ts';
import { backupResult } from './shared/backup.ts';
import { editIni } from './shared/ini-edit.ts';
import { formatMode } from './shared/mode.ts';
import { ansibleBoolean, hostPath, text, withAliases } from './shared/params.ts';
import { pathInfo } from './shared/path-info.ts';
import { fixPlace, type Place, placeChanges } from './shared/placing.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

/** One value of a list may hold commas, as values of options often do. */
const valueList = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').map((word) => word.trim()) : value),
  z.array(z.union([text, z.null()])).transform((list) => list.filter((value) => value !== null)),
);

const condition = z
  .strictObject({
    option: text.describe('Name of the option.'),
    value: text.optional().describe('The value that it must have.'),
    values: valueList.optional().describe('Values of which one is enough.'),
  })
  .refine((it) => it.value === undefined || it.values === undefined, {
    error: 'give only one of value and values',
  });

const params = withAliases(
  z
    .strictObject({
      path: hostPath.describe('The INI file to change.').meta({ aliases: ['dest'] }),
      section: text.optional().describe('Name of the section. Default: the lines before the first one.'),
      section_has_values: z
        .array(condition)
        .optional()
        .describe('Of several sections of that name the first that has all these options with these values.'),
      option: text.optional().describe('Name of the option; absent without it removes the whole section.'),
      value: text.optional().describe('The value of the option.'),
      values: valueList.optional().describe('Several values, each on a line of its own.'),
      state: z.enum(['absent', 'present']).default('present').describe('Whether the option is to be there.'),
      exclusive: ansibleBoolean
        .default(true)
        .describe('Remove other values of the option; with absent all of them whatever values says.'),
      no_extra_spaces: ansibleBoolean.default(false).describe('Write no spaces around the equals sign.'),
      ignore_spaces: ansibleBoolean
        .default(false)
        .describe('Leave a line that differs only in spaces around the equals sign.'),
      allow_no_value: ansibleBoolean.default(false).describe('Let the option stand without a value.'),
      modify_inactive_option: ansibleBoolean
        .default(true)
        .describe('Put the option in the place of one that is commented out.'),
      create: ansibleBoolean.default(true).describe('Make the file when it is not there.'),
      follow: ansibleBoolean
        .default(false)
        .describe('Change what a symbolic link points to in place of the link.'),
      backup: ansibleBoolean.default(false).describe('Keep a copy of the file as it was.'),
      ...fileAttributes,
    })
    .superRefine((want, context) => {
      const problem = (message: string, field: string) =>
        context.addIssue({ code: 'custom', message, path: [field] });
      if (want.value !== undefined && want.values !== undefined)
        problem('give only one of value and values', 'values');
      const none = want.value === undefined && !want.values?.length;
      if (want.state === 'present' && !want.allow_no_value && none)
        problem('state present needs value or values, unless allow_no_value is set', 'value');
    }),
);
type Want = z.output<typeof params>;

interface State {
  readonly place: Place;
  readonly seen: FileStat | undefined;
  /** A symbolic link gives way to a file. */
  readonly replaces: boolean;
  readonly given: Attributes;
  readonly msg: string;
  /** The directory of the file, when it has to be made. */
  readonly missing: string | undefined;
  /** Nothing is there and nothing is to be. */
  readonly nothing: boolean;
}

export default state<Want, State>({
  summary: 'Manage options of INI files.',
  params,

  async have(want, host) {
    const { path } = want;
    const folder = dirname(path);
    const [seen, target, bytes, directory] = await Promise.all([
      host.ask(stat, { path }),
      host.ask(stat, { path, follow: true }),
      host.ask(contents, path),
      host.ask(stat, { path: folder, follow: true }),
    ]);
    const there = want.follow ? target : seen;
    if (bytes === undefined && there !== undefined && there.type !== 'link')
      throw new TaskFailure(`${path} on ${host.name} is a ${there.type}, not a file`);
    if (bytes === undefined && !want.create) throw new NotYet(`Destination ${path} does not exist!`);
    await requireNames(want, host, there);
    const value = want.value === undefined ? (want.values ?? []) : [want.value];
    const conditions = (want.section_has_values ?? []).map((it) => ({
      option: it.option,
      values: it.value === undefined ? (it.values ?? []) : [it.value],
    }));
    const edit = editIni(bytes?.toString('utf8') ?? '', {
      ...want,
      values: value,
      section_has_values: conditions,
    });
    const to = Buffer.from(edit.text);
    const replaces = there?.type === 'link' && edit.changed;
    return {
      place: {
        path,
        source: { content: to },
        there: replaces ? undefined : there,
        differs: edit.changed,
        from: bytes,
        to,
      },
      seen,
      replaces,
      // A file in the place of a link gets the attributes of what the link pointed to.
      given: replaces && target ? { ...attributesOf(target), ...given(want) } : want,
      msg: edit.msg,
      missing: directory === undefined && edit.changed ? folder : undefined,
      nothing: there === undefined && !edit.changed,
    };
  },

  diff: (want, have) =>
    have.nothing ? [] : placeChanges(have.place, { ...want, ...have.given, force: true }),

  async fix(_changes, want, have, host) {
    if (have.missing !== undefined) await host.run(sh`mkdir -p -- ${have.missing}`);
    if (have.replaces) await host.run(sh`rm -f -- ${want.path}`);
    await fixPlace(have.place, { ...want, ...have.given, force: true }, host, want);
    rememberFor(want, { msg: have.msg });
  },

  result: (want, { seen, msg }) => ({
    path: want.path,
    msg,
    ...pathInfo(seen),
    ...rememberedFor(want),
    ...backupResult(want),
  }),
});

function attributesOf({ mode, owner, group }: FileStat): Attributes {
  return { mode: formatMode(mode), owner, group };
}

/** The attributes that were asked for. */
function given({ mode, owner, group }: Want): Attributes {
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(owner === undefined ? {} : { owner }),
    ...(group === undefined ? {} : { group }),
  };
}
