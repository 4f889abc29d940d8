import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Pair } from '../../certificates/pem.ts';
import type { Host, HostReader } from '../../host/contract.ts';
import { contents } from '../../host/queries/contents.ts';
import { sha256 } from '../../host/queries/sha256.ts';
import { type FileStat, stat } from '../../host/queries/stat.ts';
import { sh } from '../../host/sh.ts';
import { resolveMode } from './mode.ts';

/** Paths of a key and its certificate on a host. */
export interface PairPaths {
  readonly certificate: string;
  readonly key: string;
}

export interface PairOnHost {
  /** PEM text of the certificate file. */
  readonly certificate: string | undefined;
  /** SHA-256 of the key file; the key itself stays there. */
  readonly keySha256: string | undefined;
  readonly keyFile: FileStat | undefined;
}

/** What is at both paths. Asks in the tick of the call. */
export async function readPairOnHost(host: HostReader, paths: PairPaths): Promise<PairOnHost> {
  const [certificate, keySha256, keyFile] = await Promise.all([
    host.ask(contents, paths.certificate),
    host.ask(sha256, paths.key),
    host.ask(stat, { path: paths.key, follow: true }),
  ]);
  return { certificate: certificate?.toString('utf8'), keySha256, keyFile };
}

export function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export interface KeyAttributes {
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly mode: string;
}

export interface Placed {
  /** Puts the pair that was there before back, or nothing when there was none. */
  undo(): Promise<void>;
  /** Removes what is not in use any more, old keys among it. */
  finish(): Promise<void>;
}

/**
 * Puts a pair in place so that no moment exists in which a new key stands beside an old certificate: both paths are
 * links into one folder, which is exchanged by a single rename.
 */
export async function placePair(
  host: Host,
  paths: PairPaths,
  pair: Pair,
  attributes: KeyAttributes,
): Promise<Placed> {
  const store = posix.join(posix.dirname(paths.certificate), `.${posix.basename(paths.certificate)}.d`);
  const version = sha256Of(pair.chain + pair.key).slice(0, 16);
  const folder = posix.join(store, version);
  const names = {
    ...(attributes.owner !== undefined && { owner: attributes.owner }),
    ...(attributes.group !== undefined && { group: attributes.group }),
  };
  await host.run(
    sh`umask 022 && mkdir -p -- ${[folder, posix.dirname(paths.key)]} && chmod 0755 -- ${[store, folder]}`,
  );
  await host.write(posix.join(folder, 'certificate.pem'), pair.chain, { mode: 0o644, ...names });
  await host.write(posix.join(folder, 'key.pem'), pair.key, {
    mode: resolveMode(attributes.mode, 0o600, false),
    ...names,
  });
  const words = [store, paths.certificate, paths.key];
  const { stdout } = await host.run(sh`sh -c ${exchangeScript} sh ${[...words, version]}`);
  const before = stdout.trim();
  return {
    undo: async () => {
      await host.run(sh`sh -c ${undoScript} sh ${[...words, before]}`);
    },
    finish: async () => {
      await host.run(sh`sh -c ${finishScript} sh ${words}`);
    },
  };
}

const head = `set -eu
store=$1 certificate=$2 key=$3
link() { ln -sfn -- "$1" "$2.new" && mv -fT -- "$2.new" "$2"; }
`;

/** Prints the folder of the pair that was in place; a pair of plain files is copied there first. */
const exchangeScript = `${head}
if [ "$(readlink -- "$certificate" || :)" != "$store/current/certificate.pem" ] ||
   [ "$(readlink -- "$key" || :)" != "$store/current/key.pem" ]; then
  if [ -f "$certificate" ] && [ -f "$key" ]; then
    before=$(mktemp -d -- "$store/before.XXXXXX") && chmod 0755 -- "$before"
    cp -pL -- "$certificate" "$before/certificate.pem"
    cp -pL -- "$key" "$before/key.pem"
    link "\${before##*/}" "$store/current"
  else
    rm -f -- "$store/current"
  fi
  link "$store/current/certificate.pem" "$certificate"
  link "$store/current/key.pem" "$key"
fi
readlink -- "$store/current" || :
link "$4" "$store/current"
sync -- "$store/$4/certificate.pem" "$store/$4/key.pem" "$store" "$(dirname -- "$certificate")"
`;

const undoScript = `${head}
if [ -n "$4" ]; then
  link "$4" "$store/current"
else
  rm -f -- "$certificate" "$key" "$store/current"
fi
`;

const finishScript = `${head}
current=$(readlink -- "$store/current")
for folder in "$store"/*; do
  [ -L "$folder" ] || [ "$folder" = "$store/$current" ] || rm -rf -- "$folder"
done
`;
