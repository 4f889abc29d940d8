import { readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { $ } from 'zx';
import { TaskFailure } from '../errors.ts';
import type { Say } from './contract.ts';
import { exists } from './files.ts';
import { cacheUrl, digest, home } from './layout.ts';
import { bareHost, outsideWorld } from './recipes.ts';

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
}

/** Where the images of today's recipes are, built or not. */
export function images(): Images {
  const base = join(directory, `host-${digest(sources + JSON.stringify(bareHost)).slice(0, 12)}`);
  const outside = join(
    directory,
    `outside-${digest(base + readFileSync(outsideWorld, 'utf8')).slice(0, 12)}`,
  );
  return { host: [base], outside: [outside, base] };
}

/**
 * Builds the images that are missing. Each is made under another name and renamed when complete.
 * The caller holds the machine's lock.
 */
export async function buildImages(say: Say): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const name of await readdir(directory))
    if (name.endsWith('.part')) await rm(join(directory, name), { recursive: true, force: true });
  const [outside, base] = images().outside as [string, string];
  if (!(await exists(base))) {
    say('building the image of a bare host (Debian 13)');
    await make(base, bootstrap);
  }
  if (!(await exists(outside))) {
    say('building the image of the outside world (Pebble, DNS, load generators)');
    await make(outside, (part) => extend(base, part));
  }
}

/** Deletes images of older recipes that no lab stands on. */
export async function pruneImages(used: readonly string[]): Promise<void> {
  const kept = new Set([...used, ...images().outside]);
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

async function extend(base: string, part: string): Promise<void> {
  const scratch = `${part.replace(/\.part$/, '')}-scratch.part`;
  for (const folder of [part, join(scratch, 'work'), join(scratch, 'root')])
    await mkdir(folder, { recursive: true });
  const install = [
    'mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3/work" "$3/root"',
    'mount -t proc proc "$3/root/proc"',
    'mount --bind /dev "$3/root/dev"',
    `printf '#!/bin/sh\\nexit 101\\n' > "$3/root/usr/sbin/policy-rc.d"`,
    'chmod 755 "$3/root/usr/sbin/policy-rc.d"',
    'chroot "$3/root" sh < "$4"',
    'rm "$3/root/usr/sbin/policy-rc.d"',
  ].join('\n');
  const script = fileURLToPath(outsideWorld);
  await $({ quiet: true })`exec ${mortal} sh -euc ${install} sh ${base} ${part} ${scratch} ${script}`;
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
