import { TransportError } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';

/** One promise that was looked at. */
export interface Finding {
  /** `site`, `balancer`, `database`, `backup`, `firewall`, `monitoring`. */
  readonly part: string;
  /** The host that it is about; empty for the site as a whole. */
  readonly host: string;
  /** What was promised, in a few words. */
  readonly promise: string;
  readonly kept: boolean;
  /** What was seen. */
  readonly seen: string;
}

/** What the checks know of a site. */
export interface Site {
  /** Host names by group; a group that the inventory lacks is empty. */
  group(name: string): readonly string[];
  /** All groups of the inventory with all their hosts, also those that are not looked at. */
  groups(): Readonly<Record<string, readonly string[]>>;
  /** A rendered variable of a host; undefined when nothing defines it. */
  variable(host: string, name: string): unknown;
  /** The host, to be read as root. */
  reader(host: string): HostReader;
  /** Told of a host that could not be asked at all. */
  unreachable(host: string): void;
}

/** A text variable; empty when it is not defined. */
export function text(site: Site, host: string, name: string): string {
  const value = site.variable(host, name);
  return value === undefined || value === null ? '' : String(value);
}

/** The findings of a check, or one failed finding when it could not be made. */
export async function finding(
  site: Site,
  part: string,
  host: string,
  promise: string,
  look: () => Promise<{ kept: boolean; seen: string }>,
): Promise<Finding> {
  try {
    return { part, host, promise, ...(await look()) };
  } catch (error) {
    if (error instanceof TransportError) site.unreachable(error.host);
    return { part, host, promise, kept: false, seen: (error as Error).message.split('\n', 1)[0] ?? '' };
  }
}
