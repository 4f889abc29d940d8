import { z } from 'zod';
import { state } from './contract.ts';
import { backupResult } from './shared/backup.ts';
import type { Content } from './shared/content.ts';
import { replaceAll } from './shared/edit-lines.ts';
import { editParams, lookAtEdit, placing } from './shared/editing.ts';
import { moduleParams, text } from './shared/params.ts';
import { fixPlace, type Place, placeChanges } from './shared/placing.ts';

const params = moduleParams({
  ...editParams,
  regexp: z
    .string()
    .min(1)
    .describe("What to replace, everywhere, in Python's syntax; ^ and $ match at every line."),
  replace: text.default('').describe('What stands in its place; may refer to groups (\\1, \\g<name>).'),
  after: z.string().optional().describe('Replace only after what this matches. `.` matches newlines too.'),
  before: z.string().optional().describe('Replace only before what this matches. `.` matches newlines too.'),
});

export default state<z.output<typeof params>, Place>({
  summary: 'Replace every occurrence of a regular expression in a text file.',
  params,

  async have(want, host) {
    const place = await lookAtEdit(want, 'fail', (content) => replaceAll(content, want), host);
    return place!;
  },

  diff: (want, have) => placeChanges(have, placing(want)),

  async fix(_changes, want, have, host) {
    await fixPlace(have, placing(want), host, want);
  },

  // "a" to "aa" always finds something more: what proves it is that the text was written.
  verify(want, before, after) {
    const written =
      'content' in before.source && after.from !== undefined && isSame(before.source.content, after.from);
    return placeChanges(written ? { ...after, differs: false } : after, placing(want));
  },

  result: (want) => backupResult(want),
});

function isSame(wanted: Buffer, found: Content): boolean {
  return Buffer.isBuffer(found) && found.equals(wanted);
}
