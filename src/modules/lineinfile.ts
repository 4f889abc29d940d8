import { z } from 'zod';
import { type Change, state } from './contract.ts';
import { backupResult } from './shared/backup.ts';
import type { Content } from './shared/content.ts';
import { editLines, splitLines } from './shared/edit-lines.ts';
import { editParams, fixEdit, lookAtEdit, placing } from './shared/editing.ts';
import { withAttributes } from './shared/messages.ts';
import { ansibleBoolean, text, withAliases } from './shared/params.ts';
import { isPlaced, type Place, placeChanges } from './shared/placing.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

const params = withAliases(
  z
    .strictObject({
      ...editParams,
      line: text
        .optional()
        .describe(
          'The line that is to be there. With backrefs it may refer to groups of regexp (\\1, \\g<name>).',
        )
        .meta({ aliases: ['value'] }),
      regexp: z
        .string()
        .optional()
        .describe("Names the line to replace (the last that matches) or to remove (all), in Python's syntax.")
        .meta({ aliases: ['regex'] }),
      search_string: z
        .string()
        .optional()
        .describe('Text in the line to replace or to remove, in place of regexp.'),
      state: z.enum(['present', 'absent']).default('present').describe('Whether the line is to be there.'),
      backrefs: ansibleBoolean
        .default(false)
        .describe('Put groups of regexp into line; when regexp does not match the file stays as it is.'),
      insertafter: text
        .optional()
        .describe(
          'A new line goes after the last line that matches this; EOF (default) is the end of the file.',
        ),
      insertbefore: text
        .optional()
        .describe(
          'A new line goes before the last line that matches this; BOF is the beginning of the file.',
        ),
      create: ansibleBoolean.default(false).describe('Make the file when it is not there.'),
      firstmatch: ansibleBoolean
        .default(false)
        .describe('Take the first line that matches and not the last.'),
    })
    .superRefine((want, context) => {
      const problem = (message: string, field: string) =>
        context.addIssue({ code: 'custom', message, path: [field] });
      if (want.state === 'present' && want.line === undefined) problem('state present needs line', 'line');
      if (
        want.state === 'absent' &&
        [want.line, want.regexp, want.search_string].every((it) => it === undefined)
      )
        problem('state absent needs regexp, search_string or line', 'state');
      if (want.regexp !== undefined && want.search_string !== undefined)
        problem('give only one of regexp and search_string', 'search_string');
      if (want.insertafter !== undefined && want.insertbefore !== undefined)
        problem('give only one of insertafter and insertbefore', 'insertbefore');
      if (want.backrefs && want.regexp === undefined) problem('backrefs needs regexp', 'backrefs');
      for (const field of ['regexp', 'search_string'] as const)
        if (want[field] === '') problem('empty: it would match every line', field);
    }),
);

type Want = z.output<typeof params>;

export default state<Want, Place | undefined>({
  summary: 'Manage one line of a text file.',
  params,

  have: (want, host) => {
    const missing = want.state === 'absent' ? 'leave' : want.create ? 'create' : 'fail';
    return lookAtEdit(want, missing, (content) => editLines(content, want), host);
  },

  diff: (want, have) => (have === undefined ? [] : placeChanges(have, placing(want))),

  achieved: (_changes, want, have) => have && isPlaced(have, placing(want)),

  async fix(changes, want, have, host) {
    if (have === undefined) return;
    await fixEdit(have, want, host);
    rememberFor(want, said(want, have, changes));
  },

  result(want, have) {
    if (have === undefined) return { msg: 'file not present' };
    return {
      ...said(want, have, placeChanges(have, placing(want))),
      ...rememberedFor(want),
      backup: backupResult(want).backup_file ?? '',
    };
  },
});

/** What Ansible's module says of the edit, and how many lines it removed. */
function said(want: Want, { from, to }: Place, changes: readonly Change[]): Record<string, unknown> {
  const count = (content: Content | undefined) =>
    Buffer.isBuffer(content) ? splitLines(content.toString()).length : 0;
  const [before, after] = [count(from), count(to)];
  const differs = changes.some((change) => change.what === 'content');
  if (want.state === 'absent') {
    const found = before - after;
    return { found, msg: withAttributes(found === 0 ? '' : `${found} line(s) removed`, changes) };
  }
  const msg = after > before || from === undefined ? 'line added' : 'line replaced';
  return { msg: withAttributes(differs ? msg : '', changes) };
}
