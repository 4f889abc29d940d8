import { z } from 'zod';
import { state } from './contract.ts';
import { fileAttributes } from './shared/attributes.ts';
import { backupResult } from './shared/backup.ts';
import { sha1Of } from './shared/content.ts';
import { formatMode } from './shared/mode.ts';
import { ansibleBoolean, hostPath, moduleParams } from './shared/params.ts';
import { destination, fixPlace, lookAt, type Place, placeChanges } from './shared/placing.ts';

const params = moduleParams({
  src: z.string().describe('Jinja2 template of the controller, looked for in templates/.'),
  dest: hostPath.describe('Where the rendered file goes on the host.'),
  backup: ansibleBoolean.default(false).describe('Keep a copy of the file that is replaced.'),
  force: ansibleBoolean
    .default(true)
    .describe('Replace a file whose content differs; no writes only what is not there.'),
  follow: ansibleBoolean
    .default(false)
    .describe('When the destination is a symbolic link, write what it points to instead of replacing it.'),
  validate: z
    .string()
    .refine((command) => command.includes('%s'), { error: 'must contain %s, the path of the new file' })
    .optional()
    .describe('Command that checks the new file before it is put in place; %s is its path.'),
  newline_sequence: z
    .enum(['\n', '\r', '\r\n'])
    .default('\n')
    .describe('What ends the lines of the rendered file.'),
  ...fileAttributes,
});

export default state<z.output<typeof params>, Place>({
  summary: 'Render a Jinja2 template to a file on hosts.',
  params,

  async have(want, host, context) {
    const rendered = context.renderTemplate(context.find('templates', want.src));
    const text = want.newline_sequence === '\n' ? rendered : rendered.replaceAll('\n', want.newline_sequence);
    const path = await destination(want, host);
    return lookAt(path, { content: Buffer.from(text) }, want, host);
  },

  diff: (want, have) => placeChanges(have, want),

  async fix(_changes, want, have, host) {
    await fixPlace(have, want, host);
  },

  result(want, { path, source, there }) {
    return {
      dest: path,
      src: want.src,
      ...('content' in source ? { checksum: sha1Of(source.content), size: source.content.length } : {}),
      ...(there === undefined
        ? {}
        : {
            owner: there.owner,
            group: there.group,
            uid: there.uid,
            gid: there.gid,
            mode: formatMode(there.mode),
          }),
      ...backupResult(want),
    };
  },
});
