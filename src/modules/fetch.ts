import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { type Context, state } from './contract.ts';
import { contentChange, md5Of, sha1Of, shownBytes } from './shared/content.ts';
import { ansibleBoolean, hostPath, moduleParams } from './shared/params.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

const params = moduleParams({
  src: hostPath.describe('The file of the host to fetch.'),
  dest: z
    .string()
    .min(1)
    .describe(
      'Directory of the controller to keep it in, as DEST/HOST/SRC; with flat the file itself. Relative to the playbook.',
    ),
  flat: ansibleBoolean
    .default(false)
    .describe('Write to dest itself, or when that ends with a slash under the name of src into it.'),
  fail_on_missing: ansibleBoolean.default(true).describe('Fail when the file is not there.'),
  validate_checksum: ansibleBoolean
    .default(true)
    .describe('Compare the checksum of what arrived with that of the file of the host.'),
});
type Want = z.output<typeof params>;

interface State {
  readonly dest: string;
  /** SHA-1 of the host's file; undefined for a missing one that may be missing. */
  readonly remote: string | undefined;
  readonly local: Buffer | undefined;
  readonly size: number;
  /** The host's file, when it is small enough to be shown or has been fetched. */
  readonly content?: Buffer | undefined;
  readonly missing?: string;
}

export default state<Want, State>({
  summary: 'Fetch files from hosts to the controller.',
  params,

  async have(want, host, context) {
    const { src } = want;
    const found = await host.ask(stat, { path: src, follow: true });
    const dest = destination(want, host.name, context);
    if (found === undefined || found.type === 'directory') {
      const missing =
        found === undefined
          ? 'the remote file does not exist, not transferring, ignored'
          : 'remote file is a directory, fetch cannot work on directories, not transferring, ignored';
      if (!want.fail_on_missing) return { dest, remote: undefined, local: undefined, size: 0, missing };
      if (found === undefined) throw new NotYet(`${src} does not exist on ${host.name}`);
      throw new TaskFailure(`${src} is a directory on ${host.name}: fetch cannot work on directories`);
    }
    const { stdout } = await host.look(sh`sha1sum <${src}`);
    const remote = stdout.slice(0, 40);
    const local = readLocal(dest);
    const differs = local === undefined || sha1Of(local) !== remote;
    const content = differs && found.size <= shownBytes ? await bring(src, host) : undefined;
    return { dest, remote, local, size: found.size, content };
  },

  diff(_want, { dest, remote, local, size, content }) {
    if (remote === undefined || (local !== undefined && sha1Of(local) === remote)) return [];
    return [contentChange(dest, local, content ?? { size })];
  },

  async fix(_changes, want, { dest, remote, content }, host) {
    const bytes = content ?? (await bring(want.src, host));
    if (want.validate_checksum && sha1Of(bytes) !== remote)
      throw new TaskFailure(
        `${want.src} of ${host.name} changed while it was fetched`,
        'fetch it when nothing writes it, or give validate_checksum: false',
      );
    mkdirSync(dirname(dest), { recursive: true });
    writeFileSync(dest, bytes);
    rememberFor(want, { remote_checksum: sha1Of(bytes), remote_md5sum: null });
  },

  // What is written all the time differs again at once; what arrived was compared with what had been asked for.
  verify: () => [],

  result(want, { dest, remote, local, missing }) {
    if (missing !== undefined) return { file: want.src, msg: missing };
    const md5sum = local === undefined ? null : md5Of(local);
    const arrived = rememberedFor(want);
    return {
      dest,
      md5sum,
      checksum: local === undefined ? remote : sha1Of(local),
      ...('remote_checksum' in arrived ? arrived : { file: want.src }),
    };
  },
});

/** Where the file goes on the controller: DEST/HOST/SRC, or with flat DEST, in Ansible's reading of slashes. */
function destination(want: Want, host: string, context: Context): string {
  const base = context.playbookDirectory ?? process.cwd();
  const dest = isAbsolute(want.dest) ? want.dest : resolve(base, want.dest);
  if (!want.flat) return normalize(`${dest}/${host}/${want.src}`);
  if (want.dest.endsWith('/')) return join(dest, basename(want.src));
  if (isDirectory(dest))
    throw new TaskFailure(
      `dest ${dest} is a directory of the controller`,
      'with a slash at its end src is fetched into it',
    );
  return dest;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function readLocal(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new TaskFailure(`dest: cannot read ${path} on the controller: ${message}`);
  }
}

async function bring(path: string, host: HostReader): Promise<Buffer> {
  const { stdout } = await host.look(sh`base64 -w0 <${path}`);
  return Buffer.from(stdout, 'base64');
}
