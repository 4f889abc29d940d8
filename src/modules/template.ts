import { statSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { z } from 'zod';
import { stat } from '../host/queries/stat.ts';
import { state } from './contract.ts';
import { fileAttributes, requireNames } from './shared/attributes.ts';
import { backupResult } from './shared/backup.ts';
import { md5Of, sha1Of } from './shared/content.ts';
import { formatMode, mode } from './shared/mode.ts';
import { ansibleBoolean, hostPath, moduleParams, text } from './shared/params.ts';
import { pathInfo } from './shared/path-info.ts';
import { destination, fixPlace, isPlaced, lookAt, type Place, placeChanges } from './shared/placing.ts';

/** What the files of templates are written in: Python's names for it, and Node's. */
const encodings: Record<string, BufferEncoding> = {
  'utf-8': 'utf8',
  utf8: 'utf8',
  ascii: 'latin1',
  'latin-1': 'latin1',
  'iso-8859-1': 'latin1',
  'utf-16-le': 'utf16le',
};

function encodingOf(name: string): BufferEncoding | undefined {
  return encodings[name.toLowerCase().replaceAll('_', '-')];
}

const mark = (standard: string, what: string) => text.default(standard).describe(what);

/** How the template is written. */
const syntax = {
  block_start_string: mark('{%', 'What begins a statement.'),
  block_end_string: mark('%}', 'What ends a statement.'),
  variable_start_string: mark('{{', 'What begins an expression that is printed.'),
  variable_end_string: mark('}}', 'What ends an expression that is printed.'),
  comment_start_string: mark('{#', 'What begins a comment.'),
  comment_end_string: mark('#}', 'What ends a comment.'),
  trim_blocks: ansibleBoolean.default(true).describe('The first newline after a statement goes.'),
  lstrip_blocks: ansibleBoolean
    .default(false)
    .describe('Space before a statement at the start of a line goes.'),
  newline_sequence: z
    .preprocess(
      (value) => (typeof value === 'string' ? value.replaceAll('\\r', '\r').replaceAll('\\n', '\n') : value),
      z.enum(['\n', '\r', '\r\n']),
    )
    .default('\n')
    .describe('What ends the lines of the rendered file.'),
};

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
  ...syntax,
  output_encoding: z
    .string()
    .refine((name) => encodingOf(name) !== undefined, {
      error: `expected one of ${Object.keys(encodings).join(', ')}`,
    })
    .default('utf-8')
    .describe('How the rendered file is encoded.'),
  ...fileAttributes,
  mode: z
    .union([z.literal('preserve'), mode])
    .optional()
    .describe(
      "Permissions, octal in quotes ('0644'), symbolic (u=rw,g=r,o=), or preserve: those of the template.",
    ),
});
type Want = z.output<typeof params>;

interface State {
  readonly place: Place;
  /** The directory that dest names with a slash, when it has to be made. */
  readonly folder: string | undefined;
  readonly mode: string | undefined;
}

export default state<Want, State>({
  summary: 'Render a Jinja2 template to a file on hosts.',
  params,

  async have(want, host, context) {
    const file = context.find('templates', want.src);
    const { block_start_string, block_end_string, variable_start_string, variable_end_string } = want;
    const { comment_start_string, comment_end_string, trim_blocks, lstrip_blocks, newline_sequence } = want;
    const text = context.renderTemplate(file, {
      ...{ block_start_string, block_end_string, variable_start_string, variable_end_string },
      ...{ comment_start_string, comment_end_string, trim_blocks, lstrip_blocks, newline_sequence },
    });
    const content = Buffer.from(text, encodingOf(want.output_encoding));
    const mode = want.mode === 'preserve' ? formatMode(statSync(file).mode & 0o7777) : want.mode;
    const path = await destination(want, host);
    const folder = dirname(path);
    const makes =
      want.dest.endsWith('/') && (await host.ask(stat, { path: folder, follow: true })) === undefined;
    if (!makes)
      return { place: await lookAt(path, { content }, { ...want, mode }, host), folder: undefined, mode };
    await requireNames({ ...want, mode }, host);
    return {
      place: { path, source: { content }, there: undefined, differs: true, to: content },
      folder,
      mode,
    };
  },

  diff: (want, { place, mode }) => placeChanges(place, { ...want, mode }),

  achieved: (_changes, want, { place, mode }) => isPlaced(place, { ...want, mode }),

  async fix(_changes, want, { place, folder, mode }, host) {
    await fixPlace(place, { ...want, mode }, host, want, folder !== undefined);
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
