import { ExitCode, TaskFailure } from '../errors.ts';
import { keyWords, replacing } from '../host/host-key-error.ts';
import { keyType, knownLine } from '../host/known_host_lines.ts';
import { fingerprint, knownName, shortType, withLines } from '../host/known_hosts.ts';
import { type Colors, colors, wantsColor } from '../reporters/colors.ts';
import { table } from '../reporters/table.ts';
import { count } from '../reporters/text.ts';
import { maskText } from '../secrets.ts';
import { confirmed } from './confirm.ts';
import { openFleet, runVariables } from './fleet.ts';
import { changeKnownHosts } from './host-key.ts';
import { loadInventoryOnly, type ProjectOptions } from './project.ts';
import { type Look, lookAt, type ShownKey, stateWords, stopsTo } from './trust-look.ts';

export interface TrustOptions extends ProjectOptions {
  /** Write new keys without asking. Keys that changed or are revoked are never taken. */
  readonly yes: boolean;
  readonly output?: 'plain' | 'json';
}

interface Told extends Look {
  readonly written: boolean;
}

/**
 * Shows the keys of hosts and of those on the way to them with what known_hosts says of each, and writes those of new
 * hosts down once they were confirmed.
 * @returns failed when a host is still not trusted, unreachable when one could not be asked
 */
export async function trust(options: TrustOptions): Promise<ExitCode> {
  const project = await loadInventoryOnly(options);
  const fleet = openFleet(runVariables(project, true), {
    forks: 50,
    readOnly: true,
    output: () => undefined,
    login: project,
  });
  const settings = [...project.limited].map((name) => fleet.settings(name));
  await fleet.close();
  const stops = stopsTo(settings.filter(({ connection }) => connection !== 'local'));
  const told: Told[] = [];
  let open: Look[] = [];
  // Who is behind a new host can be asked for its keys only when that one is trusted.
  for (const depth of new Set(stops.map((stop) => stop.depth))) {
    if (open.some(isNew)) {
      told.push(...(await settle(open, options)));
      open = [];
    }
    open.push(...(await Promise.all(stops.filter((stop) => stop.depth === depth).map(lookAt))));
  }
  told.push(...(await settle(open, options)));
  if (options.output === 'json') process.stdout.write(`${JSON.stringify(told.map(asJson), null, 2)}\n`);
  else summarize(told);
  if (told.some((look) => !look.error && !isTrusted(look))) return ExitCode.failed;
  return told.some(({ error }) => error) ? ExitCode.unreachable : ExitCode.done;
}

function isNew({ keys }: Look): boolean {
  return keys.some(({ state }) => state === 'new') && !keys.some(isRefused);
}

function isRefused({ state }: ShownKey): boolean {
  return state === 'changed' || state === 'revoked';
}

function isTrusted({ keys, written }: Told): boolean {
  return (written || keys.some(({ state }) => state === 'known')) && !keys.some(isRefused);
}

/** Shows what was found, asks, and writes. */
async function settle(looks: readonly Look[], { output, yes }: TrustOptions): Promise<Told[]> {
  if (output !== 'json') show(looks);
  const fresh = looks.filter(isNew);
  const agreed = fresh.length > 0 && (yes || (output !== 'json' && (await confirmed(questionFor(fresh)))));
  if (agreed) await writeDown(fresh);
  return looks.map((look) => ({ ...look, written: agreed && fresh.includes(look) }));
}

function questionFor(fresh: readonly Look[]): string {
  return (
    'Compare the new fingerprints with what the providers or the consoles of the servers show ' +
    '(for file in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $file; done).\n' +
    `Trust ${count(fresh.length, 'new host')}, and write the keys to ${files(fresh).join(', ')}?`
  );
}

function files(looks: readonly Look[]): string[] {
  return [...new Set(looks.map(fileOf))];
}

function fileOf({ settings }: Look): string {
  const [file] = settings.knownHostsFiles;
  if (file === undefined)
    throw new TaskFailure(`there is no file for the host key of ${settings.name} (UserKnownHostsFile)`);
  return file;
}

async function writeDown(fresh: readonly Look[]): Promise<void> {
  for (const file of files(fresh)) {
    const lines = fresh
      .filter((look) => fileOf(look) === file)
      .flatMap(({ keys, settings }) =>
        keys.map(({ key }) => knownLine(knownName(settings), key, settings.hashKnownHosts)),
      );
    await changeKnownHosts(file, (text) => withLines(text, lines));
  }
}

function write(line: string): void {
  process.stdout.write(`${maskText(line)}\n`);
}

function show(looks: readonly Look[]): void {
  const paint = colors(wantsColor(process.stdout));
  const rows = looks.flatMap((look) => {
    const { keys, names, settings } = look;
    return keys.map((shown, index) => [
      index === 0 ? names.join(', ') : '',
      index === 0 ? knownName(settings) : '',
      shortType(shown.key),
      fingerprint(shown.key),
      painted(shown, paint),
    ]);
  });
  if (rows.length > 0)
    for (const line of table([['host', 'known as', 'key', 'fingerprint', ''], ...rows], {
      paintHead: paint.dim,
    }))
      write(line);
  for (const look of looks) for (const line of troubles(look, paint)) write(line);
  write('');
}

function painted(shown: ShownKey, paint: Colors): string {
  const words = stateWords(shown);
  if (isRefused(shown)) return paint.red(words);
  if (shown.state === 'new') return paint.yellow(words);
  return shown.state === 'known' ? paint.green(words) : paint.dim(words);
}

/** What keeps a host from being trusted, and how to go on. */
function troubles({ error, keys, names, settings }: Look, paint: Colors): string[] {
  const name = paint.red(names.join(', '));
  if (error) return ['', `${name}: ${error.message}`, ...(error.hint ? [`  ${error.hint}`] : [])];
  const refused = keys.find(isRefused);
  if (!refused?.at) return [];
  if (refused.state === 'revoked')
    return ['', `${name}: the key ${keyWords(refused.key)} is revoked and must not be used again`];
  return [
    '',
    `${name}: shows ${keyWords(refused.key)} where ${keyWords(refused.at.key)} is known. Someone may be listening in.`,
    `  If the server was reinstalled and the fingerprint is right: ${replacing(settings, refused.at)}`,
  ];
}

function summarize(told: readonly Told[]): void {
  const written = told.filter((look) => look.written);
  for (const file of files(written))
    write(`${file}: ${count(written.filter((look) => fileOf(look) === file).length, 'new host')}`);
  const open = told.filter((look) => isNew(look) && !look.written).length;
  if (open > 0)
    write(`nothing was written for ${count(open, 'new host')}; without a terminal to ask at, say --yes`);
  write(`${told.filter(isTrusted).length} of ${count(told.length, 'host')} trusted`);
}

function asJson(look: Told) {
  const { error, keys, names, settings, written } = look;
  return {
    hosts: names,
    address: settings.address,
    port: settings.port,
    known_as: knownName(settings),
    trusted: isTrusted(look),
    written,
    keys: keys.map(({ key, state, at }) => ({
      type: keyType(key),
      fingerprint: fingerprint(key),
      state,
      ...(at && { at: { file: at.file, line: at.line } }),
    })),
    ...(error && { error: { kind: error.kind, message: error.message, hint: error.hint ?? null } }),
  };
}
