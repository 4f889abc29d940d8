import { z } from 'zod';
import { NotYet, TaskFailure } from '../../errors.ts';
import type { Host, HostReader } from '../../host/contract.ts';
import { contents } from '../../host/queries/contents.ts';
import { stat } from '../../host/queries/stat.ts';
import { fileAttributes, requireNames } from './attributes.ts';
import { ansibleBoolean, hostPath } from './params.ts';
import { fixPlace, type Place, type Placing } from './placing.ts';

/** Parameters of the modules that put a file of their making in the place of another. */
export const replacingParams = {
  backup: ansibleBoolean.default(false).describe('Keep a copy of the file that is replaced.'),
  validate: z
    .string()
    .refine((command) => command.includes('%s'), { error: 'must contain %s, the path of the new file' })
    .optional()
    .describe('Command that checks the new file before it is put in place; %s is its path.'),
  ...fileAttributes,
};

/** Parameters of the modules that change a part of a file. */
export const editParams = {
  path: hostPath
    .describe('The file to change. Symbolic links are followed.')
    .meta({ aliases: ['dest', 'destfile', 'name'] }),
  ...replacingParams,
};

type EditWant = Pick<Placing, 'backup' | 'validate' | 'owner' | 'group' | 'mode'> & { readonly path: string };

/** How an edited file is put in place: links followed, always replaced. */
export function placing<W extends EditWant>(want: W): W & Placing {
  return { ...want, force: true, follow: true };
}

/** Makes the edited file; in a directory that is not there too, as Ansible does it with `create`. */
export async function fixEdit<W extends EditWant>(place: Place, want: W, host: Host): Promise<void> {
  await fixPlace(place, placing(want), host, want, place.there === undefined);
}

/**
 * A file as it is and as the edit wants it. A settled one costs its share of one `stat` and one `cat`.
 * @param missing what to do when there is no file: make it, leave it, or throw NotYet
 */
export async function lookAtEdit(
  want: EditWant,
  missing: 'create' | 'leave' | 'fail',
  edit: (text: string) => string,
  host: HostReader,
): Promise<Place | undefined> {
  const { path } = want;
  const [there, bytes] = await Promise.all([
    host.ask(stat, { path, follow: true }),
    host.ask(contents, path),
  ]);
  if (there === undefined) {
    if (missing === 'leave') return undefined;
    if (missing === 'fail') throw new NotYet(`${path} does not exist on ${host.name}`);
  } else if (bytes === undefined)
    throw new TaskFailure(`${path} on ${host.name} is a ${there.type}, not a file`);
  await requireNames(want, host, there);
  const text = bytes?.toString('utf8') ?? '';
  if (bytes !== undefined && !Buffer.from(text).equals(bytes))
    throw new TaskFailure(`${path} on ${host.name} is not text in UTF-8`);
  const to = Buffer.from(edit(text));
  return {
    path,
    source: { content: to },
    there,
    differs: bytes === undefined || !to.equals(bytes),
    from: bytes,
    to,
  };
}
