import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import type { Host, HostReader } from '../host/contract.ts';
import { rawShell, sh } from '../host/sh.ts';
import { state } from './contract.ts';
import { fetchBytes } from './shared/fetch-bytes.ts';
import { type KeyId, keyIds, parseKeyId } from './shared/gpg-keys.ts';
import { hostPath, text, withAliases } from './shared/params.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

const params = withAliases(
  z
    .strictObject({
      id: text.optional().describe('Id of the key: 8, 16 or more hexadecimal digits, with 0x or without.'),
      data: text.optional().describe('The key itself.'),
      file: hostPath.optional().describe('A file of the host with the key.'),
      url: z
        .string()
        .regex(/^https?:\/\//, 'expected a URL with http:// or https://')
        .optional()
        .describe('Where the key is; the machine that runs foobar fetches it.'),
      keyserver: text
        .optional()
        .describe(
          'A keyserver from which the host fetches the key with this id; takes gpg and dirmngr there.',
        ),
      keyring: hostPath.optional().describe('The keyring to change. Default: the one of apt.'),
      state: z.enum(['absent', 'present']).default('present').describe('Whether the key is to be trusted.'),
    })
    .refine((want) => sources(want).length <= 1, {
      error: 'give only one of data, file, keyserver and url',
      path: ['data'],
    })
    .refine((want) => want.keyserver === undefined || want.id !== undefined, {
      error: 'a keyserver is asked for an id: give it',
      path: ['id'],
    })
    .refine((want) => want.id !== undefined || sources(want).length > 0, {
      error: 'give id, or the key by data, file or url',
      path: ['id'],
    }),
);
type Want = z.output<typeof params>;

function sources(want: { data?: unknown; file?: unknown; keyserver?: unknown; url?: unknown }): unknown[] {
  return [want.data, want.file, want.keyserver, want.url].filter((it) => it !== undefined);
}

interface State {
  readonly id: KeyId;
  readonly keys: readonly string[];
  readonly data: Buffer | undefined;
}

export default state<Want, State>({
  summary: 'Add or remove keys of apt with apt-key, where a host still has it.',
  params,

  async have(want, host) {
    await requireTools(host);
    const data = await keyData(want);
    const id = parseKeyId(want.id ?? (await idOf(want, data, host)));
    const { stdout } = await host.look(
      sh`apt-key ${keyring(want)} adv --list-public-keys --with-colons 2>/dev/null`,
    );
    return { id, keys: keyIds(stdout), data };
  },

  diff(want, { id, keys }) {
    const there = isThere(id, keys);
    if (there === (want.state === 'present')) return [];
    return [{ what: `key ${id.key_id}`, from: there ? 'present' : 'absent', to: want.state }];
  },

  async fix(_changes, want, { id, keys, data }, host) {
    if (want.state === 'absent') await host.run(sh`apt-key ${keyring(want)} del ${id.short_id}`);
    else if (want.file !== undefined) await host.run(sh`apt-key ${keyring(want)} add ${want.file}`);
    else if (want.keyserver !== undefined) await receive(want, want.keyserver, id, host);
    else if (data !== undefined) await host.run(sh`apt-key ${keyring(want)} add -`, { stdin: data });
    else throw new TaskFailure(`key ${id.key_id} is not there`, 'give it by data, file, keyserver or url');
    rememberFor(want, { before: shown(id, keys) });
  },

  result: (want, { id, keys }) => ({
    id: want.id ?? id.key_id,
    ...id,
    before: shown(id, keys),
    ...('before' in rememberedFor(want) ? { after: shown(id, keys), ...rememberedFor(want) } : {}),
  }),
});

async function requireTools(host: HostReader): Promise<void> {
  const { stdout } = await host.look(sh`for p in apt-key gpg; do command -v $p >/dev/null || echo $p; done`);
  const missing = stdout.trim().split('\n');
  if (missing[0] === 'apt-key')
    throw new TaskFailure(
      `Failed to find required executable "apt-key" on ${host.name}: apt no longer has it`,
      'deb822_repository with signed_by takes the key of a repository',
    );
  if (missing[0] === 'gpg')
    throw new NotYet(
      `Failed to find required executable "gpg" on ${host.name}`,
      'install the package gnupg before',
    );
}

async function keyData({ data, url, state: wanted, id }: Want): Promise<Buffer | undefined> {
  if (data !== undefined) return Buffer.from(data);
  if (url === undefined || (wanted === 'absent' && id !== undefined)) return undefined;
  return fetchBytes(url, 'a file on the host, or data, does without');
}

async function idOf(want: Want, data: Buffer | undefined, host: HostReader): Promise<string> {
  const { code, stdout, stderr } = await host.look(
    sh`gpg --show-keys --with-colons ${want.file === undefined ? '-' : want.file}`,
    { stdin: data ?? '', expect: 'any' },
  );
  const [id] = keyIds(stdout);
  if (code === 0 && id !== undefined) return id;
  throw new TaskFailure(`Unable to extract key from '${want.file ?? 'inline data'}': ${stderr.trim()}`);
}

/** As Ansible does: up to five times, through the proxy that the host's environment names. */
async function receive(want: Want, keyserver: string, { key_id }: KeyId, host: Host): Promise<void> {
  const proxy = '${HTTPS_PROXY:-${https_proxy:-${HTTP_PROXY:-${http_proxy-}}}}';
  const script = [
    `p=${proxy}`,
    sh`set -- adv --no-tty --keyserver ${keyserver}`.text,
    '[ -z "$p" ] || set -- "$@" --keyserver-options "http-proxy=$p"',
    sh`for n in 1 2 3 4 5; do LC_ALL=C apt-key ${keyring(want)} "$@" --recv ${key_id} && exit; c=$?; done; exit $c`
      .text,
  ].join('\n');
  const { code, stdout, stderr } = await host.run(rawShell(script), { expect: 'any' });
  if (code === 0) return;
  if (code === 2 && stdout.includes('not found on keyserver'))
    throw new TaskFailure(`Key ${key_id} not found on keyserver ${keyserver}`);
  const said = stderr.trim().split('\n').slice(-3).join('\n');
  throw new TaskFailure(
    `Error fetching key ${key_id} from keyserver: ${keyserver}: ${said}`,
    /dirmngr/.test(said) ? 'install the package dirmngr before' : undefined,
    { rc: code, stdout, stderr },
  );
}

function keyring({ keyring: path }: Want): string[] {
  return path === undefined ? [] : ['--keyring', path];
}

function isThere(id: KeyId, keys: readonly string[]): boolean {
  return keys.some((key) => key.endsWith(id.key_id.length === 8 ? id.short_id : id.fp));
}

/** As Ansible lists them: short ids when a short one was given. */
function shown(id: KeyId, keys: readonly string[]): string[] {
  return id.key_id.length === 8 ? keys.map((key) => key.slice(-8)) : [...keys];
}
