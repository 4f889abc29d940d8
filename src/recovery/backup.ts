import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AgeDecryption } from '../backup/age.ts';
import { type Catalogue, readCatalogue } from '../backup/catalogue.ts';
import { CommandError, TaskFailure, TransportError } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { type Command, sh } from '../host/sh.ts';
import { type Site, text } from '../verify/contract.ts';

/** A host with a folder of backups. */
export interface Place {
  readonly host: string;
  readonly directory: string;
  /** Not on the servers that the backups are of. */
  readonly elsewhere: boolean;
}

/** Where a site's backups are, by the variables of role backup. */
export interface BackupSite {
  /** The database server that makes them. */
  readonly source: string;
  readonly places: readonly Place[];
}

/** @throws TaskFailure for a site without a database, or whose playbook makes no backups */
export function backupSite(site: Site): BackupSite {
  const servers = site.group('database');
  const [first] = servers;
  if (first === undefined)
    throw new TaskFailure(
      'the inventory has no database server',
      'They are the hosts of the group database.',
    );
  const stores = site.variable(first, 'backup_stores');
  const local = text(site, first, 'backup_local_directory');
  if (!Array.isArray(stores) || local === '')
    throw new TaskFailure(
      'the playbook makes no backups',
      'The role backup does, for the hosts of the group database and those of backup_stores.',
    );
  const folder = text(site, first, 'backup_store_directory');
  return {
    source: text(site, first, 'backup_host'),
    places: [
      ...stores.map((host) => ({ host: String(host), directory: `${folder}/backups`, elsewhere: true })),
      ...servers.map((host) => ({
        host,
        directory: text(site, host, 'backup_local_directory'),
        elsewhere: false,
      })),
    ],
  };
}

/** What all places that answer have, and which do not answer. */
export async function readPlaces(
  places: readonly Place[],
  reader: (host: string) => HostReader,
): Promise<{ catalogue: Catalogue; silent: readonly string[] }> {
  const listings = new Map<string, string>();
  const silent: string[] = [];
  await Promise.all(
    places.map(async ({ host, directory }) => {
      try {
        const { stdout } = await reader(host).look(
          sh`[ ! -d ${directory} ] || find ${directory} -maxdepth 1 -name '*.json' -exec cat {} +`,
        );
        listings.set(host, stdout);
      } catch (error) {
        if (!(error instanceof TransportError || error instanceof CommandError)) throw error;
        silent.push(`${host}: ${error.message.split('\n', 1)[0]}`);
      }
    }),
  );
  // In the order of the places: copies elsewhere come first.
  const ordered = places.flatMap(({ host }) => {
    const listing = listings.get(host);
    return listing === undefined ? [] : [[host, listing] as const];
  });
  return { catalogue: readCatalogue(new Map(ordered)), silent };
}

/** A backup or a log, and the host that has it. */
export interface Stored {
  readonly name: string;
  readonly place: Place;
}

/** @throws TaskFailure when no place has it any more */
export function storedAt(name: string, catalogue: Catalogue, places: readonly Place[]): Stored {
  const place = places.find(({ host }) => catalogue.places.get(name)?.includes(host));
  if (!place) throw new TaskFailure(`no place has ${name}`);
  return { name, place };
}

/**
 * Carries a backup from the host that has it to a program on another one, decrypted on the way: the key stays here.
 * @returns what the program printed
 * @throws TaskFailure when either end fails or the file was not encrypted to the identity
 */
export async function carry(
  { name, place }: Stored,
  reader: (host: string) => HostReader,
  identity: string,
  to: { readonly host: HostReader; readonly command: Command },
): Promise<string> {
  const source = await reader(place.host).stream(sh`cat -- ${`${place.directory}/${name}.age`}`);
  const target = await to.host.stream(to.command);
  source.stdin.end();
  const said = [taken(target.stdout), taken(target.stderr), taken(source.stderr)] as const;
  let broken: Error | undefined;
  // Whichever end goes first, the other one is not waited for in vain.
  void target.closed.then(() => source.kill());
  try {
    await pipeline(source.stdout, new AgeDecryption(identity), target.stdin);
  } catch (error) {
    broken = error as Error;
    target.kill();
  }
  const code = await target.closed;
  const [printed, complaint, unread] = await Promise.all(said);
  if (code === 0 && !broken) return printed;
  const ended = complaint.trim() || (code === undefined ? 'the connection was lost' : `exit code ${code}`);
  throw new TaskFailure(
    broken && !complaint.trim()
      ? `${name} of ${place.host}: ${unread.trim() || broken.message}`
      : `${name} on ${to.host.name}: ${ended}`,
  );
}

async function taken(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  try {
    for await (const part of stream) parts.push(part as Buffer);
  } catch {
    // The channel was closed: what came until then is what there is.
  }
  return Buffer.concat(parts).toString('utf8');
}
