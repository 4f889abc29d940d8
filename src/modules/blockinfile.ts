import { z } from 'zod';
import { type Change, state } from './contract.ts';
import { backupResult } from './shared/backup.ts';
import { editBlock } from './shared/edit-lines.ts';
import { editParams, fixEdit, lookAtEdit, placing } from './shared/editing.ts';
import { withAttributes } from './shared/messages.ts';
import { ansibleBoolean, text, withAliases } from './shared/params.ts';
import { isPlaced, type Place, placeChanges } from './shared/placing.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

const params = withAliases(
  z
    .strictObject({
      ...editParams,
      block: text
        .default('')
        .describe('The lines between the markers. Empty removes the block.')
        .meta({ aliases: ['content'] }),
      marker: z
        .string()
        .default('# {mark} ANSIBLE MANAGED BLOCK')
        .refine((marker) => marker.includes('{mark}'), {
          error: 'must contain {mark}, or the end cannot be found',
        })
        .describe('The line around the block; {mark} becomes marker_begin and marker_end.'),
      marker_begin: text.default('BEGIN').describe('What {mark} becomes before the block.'),
      marker_end: text.default('END').describe('What {mark} becomes after the block.'),
      state: z.enum(['present', 'absent']).default('present').describe('Whether the block is to be there.'),
      insertafter: text
        .optional()
        .describe(
          'A new block goes after the last line that matches this; EOF (default) is the end of the file.',
        ),
      insertbefore: text
        .optional()
        .describe(
          'A new block goes before the last line that matches this; BOF is the beginning of the file.',
        ),
      create: ansibleBoolean.default(false).describe('Make the file when it is not there.'),
      append_newline: ansibleBoolean.default(false).describe('Have an empty line after the block.'),
      prepend_newline: ansibleBoolean.default(false).describe('Have an empty line before the block.'),
    })
    .refine((want) => want.insertafter === undefined || want.insertbefore === undefined, {
      error: 'give only one of insertafter and insertbefore',
      path: ['insertbefore'],
    })
    .refine((want) => want.marker_begin !== want.marker_end, {
      error: 'must differ from marker_begin',
      path: ['marker_end'],
    }),
);

type Want = z.output<typeof params>;

export default state<Want, Place | undefined>({
  summary: 'Manage a block of lines between two markers in a text file.',
  params,

  have: (want, host) => {
    const missing = !want.create ? 'fail' : want.state === 'absent' ? 'leave' : 'create';
    return lookAtEdit(want, missing, (content) => editBlock(content, want), host);
  },

  diff: (want, have) => (have === undefined ? [] : placeChanges(have, placing(want))),

  achieved: (_changes, want, have) => have && isPlaced(have, placing(want)),

  async fix(changes, want, have, host) {
    if (have === undefined) return;
    await fixEdit(have, want, host);
    rememberFor(want, { msg: message(want, have, changes) });
  },

  result: (want, have) => ({
    msg: have === undefined ? '' : message(want, have, placeChanges(have, placing(want))),
    ...rememberedFor(want),
    ...backupResult(want),
  }),
});

/** What Ansible's module says. */
function message(want: Want, { there }: Place, changes: readonly Change[]): string {
  if (!changes.some((change) => change.what === 'content')) return withAttributes('', changes);
  const removed = want.state === 'absent' || want.block === '';
  const done = removed ? 'Block removed' : there === undefined ? 'File created' : 'Block inserted';
  return withAttributes(done, changes);
}
