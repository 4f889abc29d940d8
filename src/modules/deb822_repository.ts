import { z } from 'zod';
import { contents } from '../host/queries/contents.ts';
import { type FileStat, stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { type Change, state } from './contract.ts';
import { type Source, sourceText } from './shared/deb822.ts';
import { fetchBytes } from './shared/fetch-bytes.ts';
import { formatMode, mode, resolveMode } from './shared/mode.ts';
import { ansibleBoolean, ansibleList, integer, text, withAliases } from './shared/params.ts';
import { pathInfo } from './shared/path-info.ts';

const params = withAliases(
  z
    .strictObject({
      name: z
        .string()
        .refine((name) => slug(name) !== '', { error: 'needs a letter or a digit' })
        .describe('Name of the repository; the file is /etc/apt/sources.list.d/NAME.sources.'),
      state: z.enum(['absent', 'present']).default('present').describe('Whether the repository is used.'),
      types: z
        .preprocess(
          (value) => (typeof value === 'string' ? value.split(',') : value),
          z.array(z.enum(['deb', 'deb-src'])),
        )
        .default(['deb'])
        .describe('Binary packages (deb), sources (deb-src) or both.'),
      uris: ansibleList.optional().describe('Where the repository is.'),
      suites: ansibleList
        .optional()
        .describe('Suites such as trixie, or an exact path that ends with a slash.'),
      components: ansibleList.optional().describe('Components such as main. Not given with an exact path.'),
      architectures: ansibleList.optional().describe('Only these architectures.'),
      languages: ansibleList.optional().describe('Only these languages.'),
      targets: ansibleList.optional().describe('Only these download targets.'),
      signed_by: text
        .optional()
        .describe(
          'Key that signs it: path on the host, URL (fetched once by this machine), or armored text.',
        ),
      enabled: ansibleBoolean.optional().describe('Whether apt uses it.'),
      trusted: ansibleBoolean.optional().describe('Trust it though it is not signed. Dangerous.'),
      allow_downgrade_to_insecure: ansibleBoolean
        .optional()
        .describe('Let it be unsigned though it was signed before.'),
      allow_weak: ansibleBoolean.optional().describe('Let it be signed with weak keys and hashes.'),
      date_max_future: integer
        .optional()
        .describe('Seconds that the date of the release may be in the future.'),
      inrelease_path: text.optional().describe('Where the InRelease file is, from the URI.'),
      include: ansibleList.optional().describe('Only these packages of the repository.'),
      exclude: ansibleList.optional().describe('All packages of the repository but these.'),
      install_python_debian: ansibleBoolean
        .optional()
        .describe('Taken for the sake of existing playbooks: hosts need no python3-debian here.'),
      allow_insecure: ansibleBoolean.optional().describe('Let it be unsigned, with warnings.'),
      check_date: ansibleBoolean
        .optional()
        .describe('Whether the date of the release must not be in the future.'),
      check_valid_until: ansibleBoolean.optional().describe('Whether the end of validity counts.'),
      by_hash: ansibleBoolean.optional().describe('Whether lists are fetched by their hashes.'),
      pdiffs: ansibleBoolean
        .optional()
        .describe('Whether changes to lists are fetched in place of whole ones.'),
      mode: mode.default('0644').describe('Permissions of the file.'),
    })
    .refine((want) => want.state === 'absent' || (want.uris?.length && want.suites?.length), {
      error: 'state present needs uris and suites',
      path: ['uris'],
    })
    .refine(
      (want) =>
        want.state === 'absent' ||
        (want.suites ?? []).every((suite) => suite.endsWith('/') === !want.components?.length),
      {
        error: 'a suite needs components, unless it is an exact path that ends with /',
        path: ['components'],
      },
    ),
);
type Want = z.output<typeof params>;

interface State {
  readonly content: string | undefined;
  readonly mode: number;
  readonly file?: FileStat | undefined;
  /** The key file of a URL that is there already. */
  readonly keyFile: string | undefined;
  /** All key files of the repository's name. */
  readonly keyFiles: readonly string[];
}

const folder = '/etc/apt/sources.list.d';
const keyrings = '/etc/apt/keyrings';

export default state<Want, State>({
  summary: 'Add or remove package repositories of apt in deb822 format.',
  params,

  async have(want, host) {
    const path = fileOf(want);
    const keyFiles = isUrl(want.signed_by) || want.state === 'absent' ? keyFilesOf(want) : [];
    const [file, content, ...keys] = await Promise.all([
      host.ask(stat, { path }),
      host.ask(contents, path),
      ...keyFiles.map((keyFile) => host.ask(stat, { path: keyFile })),
    ]);
    return {
      content: content?.toString('utf8'),
      mode: file?.mode ?? 0,
      file,
      keyFile: keyFiles.find((_, index) => (keys[index]?.size ?? 0) > 0),
      keyFiles: keyFiles.filter((_, index) => keys[index] !== undefined),
    };
  },

  diff(want, have) {
    const path = fileOf(want);
    if (want.state === 'absent')
      return [...(have.content === undefined ? [] : [path]), ...have.keyFiles].map((file) => ({
        what: 'state',
        from: 'file',
        to: 'absent',
        path: file,
      }));
    const list: Change[] = [];
    if (isUrl(want.signed_by) && have.keyFile === undefined)
      list.push({ what: 'key', from: 'absent', to: want.signed_by });
    const content = sourceText(sourceOf(want, have.keyFile ?? keyFilesOf(want)[0]!));
    if (content !== have.content) list.push({ what: 'content', from: have.content ?? '', to: content, path });
    else if (have.mode !== resolveMode(want.mode, have.mode, false))
      list.push({ what: 'mode', from: formatMode(have.mode), to: want.mode });
    return list;
  },

  async fix(changes, want, have, host) {
    const path = fileOf(want);
    if (want.state === 'absent') {
      await host.run(sh`rm -f -- ${path} ${have.keyFiles}`);
      return;
    }
    let keyFile = have.keyFile ?? keyFilesOf(want)[0]!;
    if (changes.some((change) => change.what === 'key')) {
      const key = await fetchBytes(
        want.signed_by!,
        'the machine that runs foobar fetches it; a file on the host or the armored text does without',
      );
      keyFile = keyFilesOf(want)[key.includes('-----BEGIN PGP') ? 0 : 1]!;
      await host.run(sh`install -d -m 755 -- ${keyrings}`);
      await host.write(keyFile, key, { mode: 0o644, owner: 'root', group: 'root' });
    }
    await host.write(path, sourceText(sourceOf(want, keyFile)), {
      mode: resolveMode(want.mode, 0o644, false),
      owner: 'root',
      group: 'root',
    });
  },

  result(want, have) {
    const absent = want.state === 'absent';
    const named = isUrl(want.signed_by) ? have.keyFile : isPath(want.signed_by) ? want.signed_by : undefined;
    return {
      dest: fileOf(want),
      repo: absent ? null : (have.content ?? ''),
      ...(have.file && pathInfo(have.file)),
      key_filename: absent ? keyFilesOf(want).at(-1) : (named ?? null),
    };
  },
});

function sourceOf(want: Want, keyFile: string): Source {
  const { mode: _mode, state: _state, install_python_debian: _install, signed_by, ...fields } = want;
  return { ...fields, signed_by: isUrl(signed_by) ? keyFile : signed_by };
}

function isPath(value: string | undefined): boolean {
  return value?.startsWith('/') === true;
}

/** The file's name as Ansible makes it of the repository's. */
function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[_\s]+/g, '-')
    .replace(/[^a-z0-9-]+/g, '');
}

function fileOf(want: Want): string {
  return `${folder}/${slug(want.name)}.sources`;
}

/** apt takes armored keys as .asc and binary ones as .gpg: sources.list(5), Signed-By. */
function keyFilesOf(want: Want): string[] {
  return ['asc', 'gpg'].map((extension) => `${keyrings}/${slug(want.name)}.${extension}`);
}

function isUrl(value: string | undefined): boolean {
  return value !== undefined && /^https?:\/\//.test(value);
}
