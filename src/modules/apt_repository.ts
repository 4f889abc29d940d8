import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { CommandError, TaskFailure } from '../errors.ts';
import type { Host } from '../host/contract.ts';
import { sh } from '../host/sh.ts';
import { type Change, state } from './contract.ts';
import { aptEnvironment, aptScript } from './shared/apt-script.ts';
import { mode, resolveMode } from './shared/mode.ts';
import { ansibleBoolean, integer, moduleParams, text } from './shared/params.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';
import {
  parseSources,
  repositoryOf,
  sourcesText,
  suggestedFile,
  withoutRepository,
  withRepository,
} from './shared/sources-list.ts';

const params = moduleParams({
  repo: z
    .string()
    .min(1)
    .refine((repo) => !repo.startsWith('ppa:'), {
      error:
        'ppa: is not supported; give the line of the archive (deb https://ppa.launchpadcontent.net/...), or use deb822_repository with its key',
    })
    .describe('The line of the repository: deb or deb-src, options, URI, suite, components.'),
  state: z.enum(['absent', 'present']).default('present').describe('Whether the repository is used.'),
  filename: text
    .optional()
    .describe('Name of the file in /etc/apt/sources.list.d, without .list. Default: made of the URI.'),
  mode: mode.optional().describe('Permissions of a file that gets a new line, octal or symbolic.'),
  update_cache: ansibleBoolean
    .default(true)
    .describe('Fetch package lists after a change; when that fails the change is taken back.')
    .meta({ aliases: ['update-cache'] }),
  update_cache_retries: integer.default(5).describe('How often to try to fetch the lists.'),
  update_cache_retry_max_delay: integer.default(12).describe('Seconds to wait between two tries, at most.'),
  validate_certs: ansibleBoolean
    .default(true)
    .describe('Taken for the sake of existing playbooks: it is about the keys of ppa: only.'),
  install_python_apt: ansibleBoolean
    .default(true)
    .describe('Taken for the sake of existing playbooks: no Python is needed on the host.'),
  codename: text
    .optional()
    .describe('Taken for the sake of existing playbooks: it is the suite of ppa: only.'),
});
type Want = z.output<typeof params>;

interface State {
  /** Path -> text as it is. */
  readonly before: ReadonlyMap<string, string>;
  /** Path -> text as it is to be; no text for a file that is to go. */
  readonly after: ReadonlyMap<string, string>;
  readonly changed: boolean;
  /** The file that gets a new line, if one does. */
  readonly added: string | undefined;
}

const folder = '/etc/apt/sources.list.d';

export default state<Want, State>({
  summary: 'Add or remove package repositories of apt in one-line format.',
  params,

  async have(want, host) {
    const { stdout } = await host.look(sh`for f in /etc/apt/sources.list ${folder}/*.list; do
[ -f "$f" ] || continue
printf '%s\\0' "$f"; cat -- "$f" || exit; printf '\\0'
done`);
    const fields = stdout.split('\0');
    const before = new Map<string, string>();
    for (let index = 0; index + 1 < fields.length; index += 2) before.set(fields[index]!, fields[index + 1]!);
    const files = new Map([...before].map(([path, content]) => [path, parseSources(content)]));
    const repo = repositoryOf(want.repo);
    const file = fileOf(want, repo);
    const wanted =
      want.state === 'present' ? withRepository(files, repo, file) : withoutRepository(files, repo);
    const dump = (lines: Parameters<typeof sourcesText>[0] | undefined) => sourcesText(lines ?? []);
    const changed = [...wanted].some(([path, lines]) => dump(lines) !== dump(files.get(path)));
    const longer = (wanted.get(file)?.length ?? 0) > (files.get(file)?.length ?? 0);
    // Once it changes something, Ansible writes all files in its own way.
    const after = new Map(
      [...wanted].filter(([, lines]) => lines.length > 0).map(([path, lines]) => [path, dump(lines)]),
    );
    return { before, after: changed ? after : before, changed, added: longer ? file : undefined };
  },

  diff(_want, { before, after, changed }) {
    if (!changed) return [];
    const list: Change[] = [];
    for (const [path, content] of after)
      if (before.get(path) !== content)
        list.push({ what: 'content', from: before.get(path) ?? null, to: content, path });
    for (const [path, content] of before)
      if (!after.has(path)) list.push({ what: 'content', from: content, to: null, path });
    return list;
  },

  async fix(list, want, have, host, context) {
    const paths = list.map((change) => change.path!);
    await put(have.after, paths, host, have.added === undefined ? undefined : want);
    rememberFor(want, cameAndWent(have));
    if (!want.update_cache) return;
    try {
      await fetchLists(want, host, (line) => context.warn(line));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      await put(have.before, paths, host);
      throw new TaskFailure(
        `Failed to update apt cache after ${want.update_cache_retries} retries: ${said(error)}`,
        'the repository was taken back; is its URI right, and its key there?',
      );
    }
  },

  result: (want, have) => ({
    repo: want.repo,
    state: want.state,
    ...cameAndWent(have),
    ...rememberedFor(want),
  }),
});

function cameAndWent({ before, after }: State): Record<string, string[]> {
  return {
    sources_added: [...after.keys()].filter((path) => !before.has(path)),
    sources_removed: [...before.keys()].filter((path) => !after.has(path)),
  };
}

const aptOptions = {
  dpkg_options: ['force-confdef', 'force-confold'],
  lock_timeout: 60,
  allow_downgrade: false,
  allow_change_held_packages: false,
  only_upgrade: false,
  fail_on_autoremove: false,
  autoremove: false,
  purge: false,
};

/** One run of the script tries three times by itself. */
async function fetchLists(want: Want, host: Host, warn: (line: string) => void): Promise<void> {
  for (let left = want.update_cache_retries - 3; ; left -= 3) {
    try {
      await host.job('apt', aptScript({ update: 'always' }, aptOptions), { environment: aptEnvironment });
      return;
    } catch (error) {
      if (left <= 0 || !(error instanceof CommandError)) throw error;
      warn(`Failed to update cache due to ${said(error)}, retrying`);
      await sleep(want.update_cache_retry_max_delay * 1000);
    }
  }
}

function fileOf({ filename }: Want, repo: string): string {
  const name = `${filename ?? suggestedFile(repo)}.list`;
  return name.includes('/') ? name : `${folder}/${name}`;
}

/** Writes or removes files; a file that gets a new line also the mode of the task. */
async function put(
  files: ReadonlyMap<string, string>,
  paths: readonly string[],
  host: Host,
  want?: Want,
): Promise<void> {
  for (const path of paths) {
    const content = files.get(path);
    if (content === undefined) await host.run(sh`rm -f -- ${path}`);
    else {
      const bits =
        want?.mode === undefined || path !== fileOf(want, repositoryOf(want.repo))
          ? undefined
          : resolveMode(want.mode, 0o644, false);
      await host.write(path, content, bits === undefined ? {} : { mode: bits });
    }
  }
}

function said(error: CommandError): string {
  const lines = `${error.stdout}\n${error.stderr}`.split('\n').filter((line) => /^(?:E|W|Err):/.test(line));
  return [...new Set(lines)].slice(-4).join('\n') || error.message;
}
