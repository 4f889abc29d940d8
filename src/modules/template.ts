import { dirname } from 'node:path/posix';
import { z } from 'zod';
import { stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { state } from './contract.ts';
import { fileAttributes, requireNames } from './shared/attributes.ts';
import { backupResult } from './shared/backup.ts';
import { md5Of, sha1Of } from './shared/content.ts';
import { ansibleBoolean, hostPath, moduleParams } from './shared/params.ts';
import { pathInfo } from './shared/path-info.ts';
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
    .preprocess(
      (value) => (typeof value === 'string' ? value.replaceAll('\\r', '\r').replaceAll('\\n', '\n') : value),
      z.enum(['\n', '\r', '\r\n']),
    )
    .default('\n')
    .describe('What ends the lines of the rendered file.'),
  ...fileAttributes,
});

interface State {
  readonly place: Place;
  /** The directory that dest names with a slash, when it has to be made. */
  readonly folder: string | undefined;
}

export default state<z.output<typeof params>, State>({
  summary: 'Render a Jinja2 template to a file on hosts.',
  params,

  async have(want, host, context) {
    const rendered = context.renderTemplate(context.find('templates', want.src));
    const text = want.newline_sequence === '\n' ? rendered : rendered.replaceAll('\n', want.newline_sequence);
    const path = await destination(want, host);
    const content = Buffer.from(text);
    const folder = dirname(path);
    const makes =
      want.dest.endsWith('/') && (await host.ask(stat, { path: folder, follow: true })) === undefined;
    if (!makes) return { place: await lookAt(path, { content }, want, host), folder: undefined };
    await requireNames(want, host);
    return { place: { path, source: { content }, there: undefined, differs: true, to: content }, folder };
  },

  diff: (want, { place }) => placeChanges(place, want),

  async fix(_changes, want, have, host) {
    if (have.folder !== undefined) await host.run(sh`mkdir -p -- ${have.folder}`);
    await fixPlace(have.place, want, host);
  },

  result(want, { place: { path, source, there } }) {
    const content = 'content' in source ? source.content : Buffer.alloc(0);
    return {
      dest: path,
      path,
      src: want.src,
      checksum: sha1Of(content),
      md5sum: md5Of(content),
      size: content.length,
      ...(there === undefined ? {} : pathInfo(there)),
      ...backupResult(want),
    };
  },
});
