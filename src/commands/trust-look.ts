import { TransportError } from '../errors.ts';
import type { ConnectionSettings } from '../host/connection.ts';
import { place } from '../host/host-key-error.ts';
import { type KnownHost, keyType } from '../host/known_host_lines.ts';
import { judge, type OnFile, readKnownHosts, type Verdict } from '../host/known_hosts.ts';
import { shownKeys } from '../host/shown-keys.ts';

/** A host to be trusted: one of the inventory, or one on the way. */
export interface Stop {
  readonly names: string[];
  readonly settings: ConnectionSettings;
  /** How many hosts are on the way. */
  readonly depth: number;
}

/**
 * What is on file about a key that a host shows. `besides`: another key of the host is known, which is enough; whoever
 * stands in between could show that one too, since a key is proven only by logging in.
 */
export type KeyState = 'known' | 'new' | 'besides' | 'changed' | 'revoked';

export interface ShownKey {
  readonly key: Buffer;
  readonly state: KeyState;
  readonly at?: KnownHost;
}

export interface Look extends Stop {
  readonly keys: readonly ShownKey[];
  /** Why it could not be asked. */
  readonly error?: TransportError;
}

/** Every host on the way to these once, those that others are behind first. */
export function stopsTo(hosts: readonly ConnectionSettings[]): Stop[] {
  const stops = new Map<string, Stop>();
  const add = (settings: ConnectionSettings, name: string): number => {
    const { address, port, hostKeyAlias, hostKeys, knownHostsFiles, proxyCommand, jump } = settings;
    const depth = jump ? add(jump, `${jump.address} (jump)`) + 1 : 0;
    const key = JSON.stringify({
      address,
      port,
      hostKeyAlias,
      hostKeys,
      knownHostsFiles,
      proxyCommand,
      jump,
    });
    const stop = stops.get(key);
    if (stop === undefined) stops.set(key, { names: [name], settings, depth });
    else if (!stop.names.includes(name)) stop.names.push(name);
    return depth;
  };
  for (const settings of hosts) add(settings, settings.name);
  return [...stops.values()].sort((one, other) => one.depth - other.depth);
}

/** Asks a host for its keys and looks them up. */
export async function lookAt(stop: Stop): Promise<Look> {
  try {
    const keys = await shownKeys(stop.settings);
    return { ...stop, keys: judgeAll(readKnownHosts(stop.settings), keys) };
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    return { ...stop, keys: [], error };
  }
}

/** What is on file about the keys that one host shows. */
export function judgeAll(known: OnFile, keys: readonly Buffer[]): ShownKey[] {
  const verdicts = keys.map((key) => ({ key, verdict: judge(known, key) }));
  const isKnown = verdicts.some(({ verdict }) => verdict.kind === 'known');
  return verdicts.map(({ key, verdict }) => ({
    key,
    state: stateOf(verdict, key, isKnown),
    ...(verdict.at && { at: verdict.at }),
  }));
}

function stateOf(verdict: Verdict, key: Buffer, isKnown: boolean): KeyState {
  if (verdict.kind === 'known' || verdict.kind === 'revoked') return verdict.kind;
  const isOfItsType = verdict.kind === 'changed' && keyType(key) === verdict.at.type;
  if (isKnown && !isOfItsType) return 'besides';
  return verdict.kind === 'unknown' ? 'new' : 'changed';
}

/** What is on file, in words. */
export function stateWords({ state, at }: ShownKey): string {
  const where = at ? ` (${place(at)})` : '';
  switch (state) {
    case 'known':
      return `known${where}`;
    case 'new':
      return `new${where}`;
    case 'besides':
      return 'another one is known';
    default:
      return `${state}!${where}`;
  }
}
