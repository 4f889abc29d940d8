import { z } from 'zod';
import { state } from './contract.ts';
import { backupResult } from './shared/backup.ts';
import { editLines } from './shared/edit-lines.ts';
import { editParams, lookAtEdit, placing } from './shared/editing.ts';
import { ansibleBoolean, text, withAliases } from './shared/params.ts';
import { fixPlace, type Place, placeChanges } from './shared/placing.ts';

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

export default state<z.output<typeof params>, Place | undefined>({
  summary: 'Manage one line of a text file.',
  params,

  have: (want, host) => {
    const missing = want.state === 'absent' ? 'leave' : want.create ? 'create' : 'fail';
    return lookAtEdit(want, missing, (content) => editLines(content, want), host);
  },

  diff: (want, have) => (have === undefined ? [] : placeChanges(have, placing(want))),

  async fix(_changes, want, have, host) {
    if (have !== undefined) await fixPlace(have, placing(want), host, want);
  },

  result: (want) => backupResult(want),
});
