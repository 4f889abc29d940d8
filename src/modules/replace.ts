import { z } from 'zod';
import { type Change, state } from './contract.ts';
import { backupResult } from './shared/backup.ts';
import type { Content } from './shared/content.ts';
import { countMatches, replaceAll } from './shared/edit-lines.ts';
import { editParams, lookAtEdit, placing } from './shared/editing.ts';
import { withAttributes } from './shared/messages.ts';
import { moduleParams, text } from './shared/params.ts';
import { fixPlace, isPlaced, type Place, placeChanges } from './shared/placing.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

const params = moduleParams({
  ...editParams,
  encoding: z
    .preprocess(
      (value) => (typeof value === 'string' ? value.toLowerCase() : value),
      z.enum(['utf-8', 'utf8']),
    )
    .default('utf-8')
    .describe('Encoding of the file; there is UTF-8 only.'),
  regexp: z
    .string()
    .min(1)
    .describe("What to replace, everywhere, in Python's syntax; ^ and $ match at every line."),
  replace: text.default('').describe('What stands in its place; may refer to groups (\\1, \\g<name>).'),
  after: z.string().optional().describe('Replace only after what this matches. `.` matches newlines too.'),
  before: z.string().optional().describe('Replace only before what this matches. `.` matches newlines too.'),
});

type Want = z.output<typeof params>;

export default state<Want, Place>({
  summary: 'Replace every occurrence of a regular expression in a text file.',
  params,

  async have(want, host) {
    const place = await lookAtEdit(want, 'fail', (content) => replaceAll(content, want), host);
    return place!;
  },

  diff: (want, have) => placeChanges(have, placing(want)),

  achieved: (_changes, want, have) => isPlaced(have, placing(want)),

  async fix(changes, want, have, host) {
    await fixPlace(have, placing(want), host, want);
    rememberFor(want, { msg: message(want, have, changes) });
  },

  // "a" to "aa" always finds something more: what proves it is that the text was written.
  verify(want, before, after) {
    const written =
      'content' in before.source && after.from !== undefined && isSame(before.source.content, after.from);
    return placeChanges(written ? { ...after, differs: false } : after, placing(want));
  },

  result: (want, have) => ({
    rc: 0,
    msg: message(want, have, placeChanges(have, placing(want))),
    ...rememberedFor(want),
    ...backupResult(want),
  }),
});

/** What Ansible's module says: how often it replaced. */
function message(want: Want, { from }: Place, changes: readonly Change[]): string {
  const text = Buffer.isBuffer(from) ? from.toString() : '';
  if (!changes.some((change) => change.what === 'content')) return withAttributes('', changes);
  return withAttributes(`${countMatches(text, want)} replacements made`, changes);
}

function isSame(wanted: Buffer, found: Content): boolean {
  return Buffer.isBuffer(found) && found.equals(wanted);
}
