import { readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { $ } from 'zx';
import { TaskFailure } from '../errors.ts';
import type { Say } from './contract.ts';
import { exists } from './files.ts';
import { cacheUrl, digest, home } from './layout.ts';
import { bareHost, outsideWorld, twinHost } from './recipes.ts';

const directory = join(home, 'images');
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

const sources = [
  `deb ${cacheUrl}/debian trixie main`,
  `deb ${cacheUrl}/debian trixie-updates main`,
  `deb ${cacheUrl}/debian-security trixie-security main`,
  '',
].join('\n');

/** Before a command: all of it ends with this process, however that ends, and so do its mounts. */
const mortal =
  'setpriv --pdeathsig SIGKILL unshare --mount --pid --fork --kill-child=SIGKILL --mount-proc'.split(' ');

/** Folders to lay under a host's own layer, uppermost first. */
export interface Images {
  readonly host: readonly string[];
  readonly outside: readonly string[];
  readonly twin: readonly string[];
}

/** Images that are a layer over that of a bare host: the script that makes them, and what to say meanwhile. */
const extended = {
  outside: { script: outsideWorld, what: 'the outside world (Pebble, DNS, load generators)' },
  twin: { script: twinHost, what: 'a host with Ansible' },
} as const;

/** Where the images of today's recipes are, built or not. */
export function images(): Images {
  const base = join(directory, `host-${digest(sources + JSON.stringify(bareHost)).slice(0, 12)}`);
  const over = (name: keyof typeof extended) => {
    const recipe = digest(base + readFileSync(extended[name].script, 'utf8')).slice(0, 12);
    return [join(directory, `${name}-${recipe}`), base];
  };
  return { host: [base], outside: over('outside'), twin: over('twin') };
}

/**
 * Builds the images that are missing. Each is made under another name and renamed when complete.
 * The caller holds the machine's lock.
 */
export async function buildImages(wanted: readonly (keyof typeof extended)[], say: Say): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const name of await readdir(directory))
    if (name.endsWith('.part')) await rm(join(directory, name), { recursive: true, force: true });
  const base = images().host[0]!;
  if (!(await exists(base))) {
    say('building the image of a bare host (Debian 13)');
    await make(base, bootstrap);
  }
  for (const name of wanted) {
    const image = images()[name][0]!;
    if (await exists(image)) continue;
    say(`building the image of ${extended[name].what}`);
    await make(image, (part) => extend(base, part, extended[name].script));
  }
}

/** Deletes images of older recipes that no lab stands on. */
export async function pruneImages(used: readonly string[]): Promise<void> {
  const kept = new Set([...used, ...Object.values(images()).flat()]);
  for (const name of await readdir(directory).catch(() => []))
    if (!kept.has(join(directory, name))) await rm(join(directory, name), { recursive: true, force: true });
}

async function make(image: string, build: (part: string) => Promise<void>): Promise<void> {
  const part = `${image}.part`;
  try {
    await build(part);
    await $({ quiet: true })`sync --file-system ${directory}`;
    await rename(part, image);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    const said = String((error as { stderr?: string }).stderr || error).trim();
    throw new TaskFailure(`an image of the lab cannot be built:\n${said.split('\n').slice(-12).join('\n')}`);
  }
}

async function bootstrap(part: string): Promise<void> {
  const options = [
    '--mode=root',
    '--variant=minbase',
    '--format=directory',
    '--skip=cleanup/apt/lists',
    '--dpkgopt=force-unsafe-io',
    ...(await aptOptions()).map((option) => `--aptopt=${option}`),
    `--include=${bareHost.packages.join(',')}`,
    `--keyring=${keyring}`,
  ];
  await $({ quiet: true, input: sources })`exec ${mortal} mmdebstrap ${options} trixie ${part} -`;
  await $({ quiet: true, input: bareHost.script })`exec ${mortal} chroot ${part} sh -eu`;
}

async function extend(base: string, part: string, recipe: URL): Promise<void> {
  const scratch = `${part.replace(/\.part$/, '')}-scratch.part`;
  for (const folder of [part, join(scratch, 'work'), join(scratch, 'root')])
    await mkdir(folder, { recursive: true });
  const install = [
    'mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3/work" "$3/root"',
    'mount -t proc proc "$3/root/proc"',
    'mount --bind /dev "$3/root/dev"',
    `printf '#!/bin/sh\\nexit 101\\n' > "$3/root/usr/sbin/policy-rc.d"`,
    'chmod 755 "$3/root/usr/sbin/policy-rc.d"',
    'chroot "$3/root" sh -s "$5" < "$4"',
    'rm "$3/root/usr/sbin/policy-rc.d"',
  ].join('\n');
  const given = [base, part, scratch, fileURLToPath(recipe), `${cacheUrl}/debian`];
  await $({ quiet: true })`exec ${mortal} sh -euc ${install} sh ${given}`;
  await rm(scratch, { recursive: true, force: true });
}

/** What this machine's apt thinks of dates holds for its mirror, so it holds for the hosts' apt too. */
async function aptOptions(): Promise<string[]> {
  const dump = await $({ quiet: true })`apt-config dump Acquire::Check-Valid-Until Acquire::Check-Date`;
  const relaxed = ['Acquire::Check-Valid-Until', 'Acquire::Check-Date'].filter((name) =>
    new RegExp(`^${name} "(false|0|no)"`, 'm').test(dump.stdout),
  );
  return [
    'Acquire::Languages "none"',
    'Acquire::PDiffs "false"',
    'Acquire::Retries "3"',
    `Acquire::http::Proxy "${cacheUrl}"`,
    `Acquire::http::Proxy::${new URL(cacheUrl).hostname} "DIRECT"`,
    ...relaxed.map((name) => `${name} "false"`),
  ];
}
