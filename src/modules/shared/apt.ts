import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path/posix';
import { CommandError, NotYet, TaskFailure } from '../../errors.ts';
import type { Host, HostReader } from '../../host/contract.ts';
import { candidates, type PackageLists, packageLists } from '../../host/queries/apt.ts';
import { type Package, packages, providers } from '../../host/queries/packages.ts';
import { type Command, rawShell, sh } from '../../host/sh.ts';
import type { Change } from '../contract.ts';
import { type AptOptions, aptEnvironment, aptScript, type UpdateWhen } from './apt-script.ts';
import { downloadConfig } from './curl.ts';

export interface AptWant extends AptOptions {
  readonly name?: readonly string[] | undefined;
  readonly deb?: string | undefined;
  readonly state: 'present' | 'latest' | 'absent' | 'build-dep' | 'fixed';
  readonly update_cache?: boolean | undefined;
  /** Seconds for which lists are good enough. */
  readonly cache_valid_time: number;
  readonly autoclean?: boolean | undefined;
  readonly clean?: boolean | undefined;
  readonly upgrade: 'no' | 'safe' | 'full' | 'dist' | 'yes';
}

interface Item {
  /** As given: `name`, `name=version`, `name:architecture`. */
  readonly word: string;
  readonly name: string;
  readonly pin: string | undefined;
  readonly have: Package | undefined;
  /** Installed packages that provide it, when no package of that name is installed. */
  readonly providedBy: readonly string[];
  readonly candidate: string | undefined;
}

export interface AptState {
  readonly items: readonly Item[];
  readonly deb?: { readonly name: string; readonly version: string; readonly have: Package | undefined };
  /** What an upgrade or autoremove would do, as apt-get -s says it. */
  readonly upgrades: readonly { readonly name: string; readonly from: string; readonly to: string }[];
  readonly unneeded: readonly string[];
  readonly lists: PackageLists | undefined;
}

export async function readApt(want: AptWant, host: HostReader): Promise<AptState> {
  const needsLists = want.update_cache && (want.state === 'latest' || (!want.name && !want.deb));
  const wantsUnneeded = want.autoremove && !want.name && !want.deb;
  const builds = want.state === 'build-dep';
  const verb = builds ? sh`build-dep -- ${want.name ?? []}` : upgradeVerb(want);
  const [items, deb, upgrades, unneeded, lists] = await Promise.all([
    builds ? [] : Promise.all((want.name ?? []).map((word) => readItem(word, want, host))),
    want.deb === undefined ? undefined : readDeb(want.deb, host),
    verb === undefined ? [] : simulate(verb, want, host),
    wantsUnneeded ? simulate(rawShell('autoremove'), want, host) : [],
    needsLists || want.upgrade !== 'no' ? host.ask(packageLists, undefined) : undefined,
  ]);
  return { items, upgrades, unneeded: unneeded.map(({ name }) => name), lists, ...(deb ? { deb } : {}) };
}

async function readItem(word: string, want: AptWant, host: HostReader): Promise<Item> {
  const [name = '', pin] = word.split(/=(.*)/s);
  const [have, candidate] = await Promise.all([
    host.ask(packages, name),
    want.state === 'latest' && pin === undefined
      ? host.ask(candidates, { name, release: want.default_release })
      : undefined,
  ]);
  const there = have !== undefined && have.status !== 'config-files';
  const providedBy = there || pin !== undefined ? [] : await host.ask(providers, name);
  return { word, name, pin, have, providedBy, candidate };
}

async function readDeb(path: string, host: HostReader): Promise<AptState['deb']> {
  const { code, stdout } = await host.look(
    path.includes('://')
      ? sh`t=$(mktemp) || exit; trap 'rm -f -- "$t"' EXIT
curl --disable --config - --output "$t" || exit 3
dpkg-deb --show --showformat='\${Package}\\n\${Version}' -- "$t"`
      : sh`[ -e ${path} ] && dpkg-deb --show --showformat='\${Package}\\n\${Version}' -- ${path}`,
    { expect: 'any', ...(path.includes('://') ? { stdin: downloadConfig(path) } : {}) },
  );
  const [name, version] = stdout.split('\n');
  if (code === 3) throw new TaskFailure(`Failure downloading ${path}`);
  if (code === 1) throw new NotYet(`there is no package file ${path} on ${host.name}`);
  if (code !== 0 || !name || !version) throw new TaskFailure(`${path} on ${host.name} is no Debian package`);
  return { name, version, have: await host.ask(packages, name) };
}

async function simulate(verb: Command, want: AptWant, host: HostReader): Promise<AptState['upgrades']> {
  const release = want.default_release === undefined ? [] : ['-t', want.default_release];
  const { stdout } = await host.look(sh`LC_ALL=C apt-get -s -q ${release} ${verb}`);
  const lines = stdout.matchAll(/^(?:Inst|Remv) (\S+)(?: \[(.*?)\])?(?: \((\S+))?/gm);
  return [...lines].map(([, name = '', from = 'absent', to = 'absent']) => ({ name, from, to }));
}

function upgradeVerb({ upgrade }: AptWant): Command | undefined {
  if (upgrade === 'no') return undefined;
  return rawShell(upgrade === 'full' || upgrade === 'dist' ? 'dist-upgrade' : 'upgrade --with-new-pkgs');
}

export function aptChanges(want: AptWant, have: AptState): Change[] {
  const list: Change[] = [];
  if (have.lists && want.update_cache && isStale(have.lists, want.cache_valid_time))
    list.push({
      what: 'package lists',
      from: ageOf(have.lists),
      to: 'updated',
      // On the way to packages Ansible does not count it.
      ...(want.name || want.deb || want.upgrade !== 'no' ? { uncounted: true } : {}),
    });
  for (const item of have.items) {
    const change = want.state === 'absent' ? removal(want, item) : installation(want, item);
    if (change) list.push(change);
  }
  const { deb } = have;
  if (deb && !(isInstalled(deb.have) && deb.have?.version === deb.version))
    list.push({ what: deb.name, from: shown(deb.have), to: deb.version });
  for (const { name, from, to } of have.upgrades) list.push({ what: name, from, to });
  const alone = !want.name && !want.deb && want.upgrade === 'no';
  if (want.clean)
    list.push({
      what: 'fetched packages',
      from: 'there',
      to: 'deleted',
      ...(alone ? {} : { uncounted: true }),
    });
  if (want.autoclean)
    list.push({ what: 'old fetched packages', from: 'there', to: 'deleted', uncounted: true });
  for (const name of have.unneeded) list.push({ what: name, from: 'not needed', to: 'absent' });
  return list;
}

function installation(want: AptWant, item: Item): Change | undefined {
  const { have, pin, candidate } = item;
  const change = (to: string) => ({ what: item.name, from: shown(have), to });
  if (have === undefined || !isInstalled(have)) {
    if (item.providedBy.length > 0) return undefined;
    return want.only_upgrade && have === undefined ? undefined : change(pin ?? candidate ?? want.state);
  }
  if (pin !== undefined) return matchesVersion(pin, have.version) ? undefined : change(pin);
  if (want.state === 'latest' && candidate !== undefined && candidate !== have.version)
    return change(candidate);
  return undefined;
}

function removal(want: AptWant, { name, have }: Item): Change | undefined {
  if (have === undefined || (have.status === 'config-files' && !want.purge)) return undefined;
  return { what: name, from: shown(have), to: want.purge ? 'purged' : 'absent' };
}

function isInstalled(have: Package | undefined): boolean {
  // A package whose triggers are still pending is installed and configured.
  return have !== undefined && (have.status === 'installed' || have.status.startsWith('triggers'));
}

function shown(have: Package | undefined): string {
  if (have === undefined || have.status === 'config-files') return 'absent';
  return isInstalled(have) ? have.version : `${have.version} (${have.status})`;
}

/** Whether a version is the wanted one; `*` and `?` stand for anything, as in apt. */
function matchesVersion(pin: string, version: string): boolean {
  const pattern = pin
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${pattern}$`).test(version);
}

function isStale(lists: PackageLists, validFor: number): boolean {
  return lists.sourcesChanged > lists.updated || lists.now - lists.updated > validFor;
}

function ageOf({ updated, sourcesChanged, now }: PackageLists): string {
  if (updated === 0) return 'never fetched';
  return sourcesChanged > updated ? 'older than the sources' : `${now - updated} s old`;
}

export async function fixApt(
  list: readonly Change[],
  want: AptWant,
  have: AptState,
  host: Host,
): Promise<void> {
  const named = (name: string) => list.some((change) => change.what === name);
  // New lists may bring a newer candidate than the one that was seen.
  const all = want.state === 'latest' && named('package lists');
  const words = have.items.filter((item) => all || named(item.name));
  const install = want.state === 'absent' ? [] : words.map((item) => item.word);
  const upgrade = upgradeVerb(want);
  const deb = have.deb && named(have.deb.name) ? await fetchedDeb(want.deb!, host) : undefined;
  const script = aptScript(
    {
      update: await updateWhen(list, want, host),
      install: [...install, ...(deb === undefined ? [] : [deb])],
      remove: want.state === 'absent' ? words.map((item) => item.word) : [],
      ...(want.state === 'build-dep' ? { buildDepends: want.name ?? [] } : {}),
      ...(upgrade ? { upgrade } : {}),
      ...(want.clean ? { clean: 'clean' } : want.autoclean ? { clean: 'autoclean' } : {}),
    },
    want,
  );
  try {
    await host.job('apt', script, { environment: aptEnvironment });
  } catch (error) {
    throw error instanceof CommandError ? aptFailure(error, words, host.name) : error;
  } finally {
    if (deb !== undefined && deb !== want.deb) await host.run(sh`rm -rf -- ${dirname(deb)}`);
  }
}

/** The path of a package file; one of a URL is fetched into a folder of its own. */
async function fetchedDeb(deb: string, host: Host): Promise<string> {
  if (!deb.includes('://')) return deb;
  const folder = `/tmp/.foobar-${randomBytes(8).toString('hex')}`;
  // apt reads it as the user _apt.
  await host.run(sh`mkdir -m 755 ${folder} && curl --disable --config - --output ${folder}/package.deb`, {
    stdin: downloadConfig(deb),
  });
  return `${folder}/package.deb`;
}

async function updateWhen(list: readonly Change[], want: AptWant, host: Host): Promise<UpdateWhen> {
  if (list.some((change) => change.what === 'package lists')) return 'always';
  if (want.state === 'absent' && !want.deb && want.upgrade === 'no') return 'never';
  const lists = await host.ask(packageLists, undefined);
  const stale = want.update_cache
    ? isStale(lists, want.cache_valid_time)
    : lists.updated === 0 || lists.sourcesChanged > lists.updated;
  return stale ? 'always' : 'unknown';
}

function aptFailure(error: CommandError, items: readonly Item[], host: string): TaskFailure {
  const said = `${error.stdout}\n${error.stderr}`;
  // apt ends its progress lines only after the error.
  const lines = said
    .split('\n')
    .flatMap(
      (line) =>
        /(?:^|\.\.\.)(?:E:|W:|Err:|dpkg: error| .*(?:Depends|Conflicts|Breaks):).*/.exec(line)?.[0] ?? [],
    )
    .map((line) => line.replace(/^\.\.\./, '').trim());
  const unknown = items.filter(({ name }) => said.includes(`Unable to locate package ${name}`));
  return new TaskFailure(
    `apt failed on ${host}: ${[...new Set(lines)].slice(-8).join('\n') || said.trim().split('\n').slice(-8).join('\n')}`,
    unknown.length > 0
      ? `is ${unknown.map(({ name }) => name).join(', ')} spelled right, and does a source of the host have it?`
      : undefined,
  );
}
