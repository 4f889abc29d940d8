import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import type { HostReader, Output } from '../host/contract.ts';
import { type Command, sh } from '../host/sh.ts';
import { type Change, state } from './contract.ts';
import { readNpmList } from './shared/npm-list.ts';
import { ansibleBoolean, anyPath, hostPath, text, withAliases } from './shared/params.ts';
import { splitWords } from './shared/words.ts';

const params = withAliases(
  z
    .strictObject({
      name: text.optional().describe('Package; without one those of package.json.'),
      path: hostPath.optional().describe('Directory of the project on the host; made when it is not there.'),
      version: text.optional().describe('Version of the package.'),
      global: ansibleBoolean.default(false).describe('Install for the whole host.'),
      executable: anyPath.optional().describe('npm to use.'),
      ignore_scripts: ansibleBoolean.default(false).describe('Run no scripts of packages.'),
      unsafe_perm: ansibleBoolean.default(false).describe('Run scripts as root.'),
      ci: ansibleBoolean.default(false).describe('Install exactly what the lock file says, anew each time.'),
      production: ansibleBoolean.default(false).describe('Leave development dependencies out.'),
      registry: text.optional().describe('Registry in place of the usual.'),
      state: z
        .enum(['present', 'absent', 'latest'])
        .default('present')
        .describe('Whether the package is there, and how new.'),
      no_optional: ansibleBoolean.default(false).describe('Leave optional dependencies out.'),
      no_bin_links: ansibleBoolean.default(false).describe('Make no links to programs of packages.'),
      force: ansibleBoolean.default(false).describe('Fetch what is there too.'),
    })
    .refine((want) => want.state !== 'absent' || want.name !== undefined, {
      error: 'state is absent but all of the following are missing: name',
      path: ['name'],
    })
    .refine((want) => want.path !== undefined || want.global, {
      error: 'path must be specified when not using global',
      path: ['path'],
    }),
);
type Want = z.output<typeof params>;

interface State {
  readonly missing: readonly string[];
  readonly installed: readonly string[];
  /** Only asked for with latest. */
  readonly outdated: readonly string[];
}

export default state<Want, State>({
  summary: 'Manage packages of Node.js with npm.',
  params,

  async have(want, host) {
    if (want.ci) return { missing: [], installed: [], outdated: [] };
    const [list, outdated] = await Promise.all([
      look(want, host, sh`${await npm(want, host, 'list', '--json', '--long')} ${flags(want)}`),
      want.state === 'latest' ? look(want, host, await command(want, host, 'outdated')) : undefined,
    ]);
    return {
      ...readNpmList(list.stdout, wanted(want)),
      outdated: (outdated?.stdout ?? '')
        .split('\n')
        .slice(1)
        .flatMap((line) => line.split(/\s|@/, 1))
        .filter((name) => name !== ''),
    };
  },

  diff(want, have) {
    if (want.ci) return [{ what: 'ci', from: null, to: 'installed' }];
    if (want.state === 'absent')
      return have.installed.includes(want.name!) ? [{ what: want.name!, from: 'present', to: 'absent' }] : [];
    const missing = have.missing.map(
      (name): Change => ({ what: name, from: 'absent', to: want.version ?? 'present' }),
    );
    return [
      ...missing,
      ...have.outdated.map((name): Change => ({ what: name, from: 'outdated', to: 'latest' })),
    ];
  },

  async fix(changes, want, _have, host) {
    const run = async (verb: string) => {
      const make = want.path === undefined ? sh`:` : sh`mkdir -p -- ${want.path} && cd ${want.path}`;
      await host.job(`npm ${verb} ${want.path ?? ''}`, sh`${make} && ${await command(want, host, verb)}`);
    };
    if (want.ci) return run('ci');
    if (want.state === 'absent') return run('uninstall');
    if (changes.some((change) => change.from === 'absent')) await run('install');
    if (changes.some((change) => change.from === 'outdated')) await run('update');
  },

  verify(want, _before, after) {
    if (want.ci) return [];
    if (want.state === 'absent') return this.diff(want, after);
    // A range in package.json may keep a package from being the newest.
    return this.diff({ ...want, state: 'present' }, { ...after, outdated: [] });
  },

  result: () => ({}),
});

function wanted({ name, version, state: to }: Want): string | undefined {
  return version === undefined || to === 'absent' ? name : `${name ?? ''}@${version}`;
}

async function npm(want: Want, host: HostReader, verb: string, ...more: string[]): Promise<Command> {
  const words = want.executable === undefined ? ['npm'] : splitWords(want.executable);
  const { code } = await host.look(sh`command -v -- ${words[0]!} >/dev/null`, { expect: 'any' });
  if (code !== 0)
    throw new NotYet(`${words[0]} is not installed on ${host.name}`, 'install the package npm before');
  const production = want.production && ['install', 'update', 'ci'].includes(verb) ? ['--production'] : [];
  return sh`${words} ${verb} ${more} ${want.global ? ['--global'] : []} ${production}`;
}

/** A command about the package that is meant, if one is. */
async function command(want: Want, host: HostReader, verb: string): Promise<Command> {
  const name = wanted(want);
  return sh`${await npm(want, host, verb)} ${name === undefined ? [] : [name]} ${flags(want)}`;
}

function flags(want: Want): string[] {
  return [
    ...(want.ignore_scripts ? ['--ignore-scripts'] : []),
    ...(want.unsafe_perm ? ['--unsafe-perm'] : []),
    ...(want.registry === undefined ? [] : ['--registry', want.registry]),
    ...(want.no_optional ? ['--no-optional'] : []),
    ...(want.no_bin_links ? ['--no-bin-links'] : []),
    ...(want.force ? ['--force'] : []),
  ];
}

/** npm answers with 1 where something is missing or outdated. A directory that is not there holds nothing. */
async function look(want: Want, host: HostReader, command: Command): Promise<Output> {
  const there = want.path === undefined ? sh`:` : sh`cd ${want.path} 2>/dev/null || exit 0`;
  const output = await host.look(sh`${there}\n${command}`, { expect: 'any' });
  if (output.code > 1) throw new TaskFailure(`npm on ${host.name}: ${output.stderr.trim()}`);
  return output;
}
