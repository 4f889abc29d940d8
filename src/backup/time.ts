/** Microseconds since 1970, UTC; MySQL stamps transactions with them. */
export type Micros = number;

const shape =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,6})\d*)?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/i;

/**
 * An instant as a person writes it: RFC 3339, or without a zone in the zone of this machine
 * ("2026-11-23 14:05:10"). Throws an Error for anything else, dates that do not exist, and local times that a change of
 * the clocks leaves out; one that comes twice is the first.
 */
export function parseInstant(text: string): Micros {
  const match = shape.exec(text.trim());
  const help = 'write it as 2026-11-23T14:05:10Z, with another zone (+01:00), or without one for local time';
  if (!match) throw new Error(`${JSON.stringify(text)} is no time: ${help}`);
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00', fraction = '', zone] =
    match;
  const refuse = () => new Error(`${JSON.stringify(text)} is no time: there is no such time of the calendar`);
  const asUtc = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // Date takes the 30th of February for the 1st or 2nd of March, and 24:00 for the next day.
  if (Number.isNaN(asUtc.getTime()) || asUtc.toISOString().slice(8, 13) !== `${day}T${hour}`) throw refuse();
  const millis = zone ? asUtc.getTime() - offsetOf(zone) : locally(asUtc);
  if (millis === undefined) throw refuse();
  return millis * 1000 + Number(fraction.padEnd(6, '0'));
}

/** What the clocks of this machine show when they show these numbers; undefined when they never do. */
function locally(shown: Date): number | undefined {
  const date = new Date(
    shown.getUTCFullYear(),
    shown.getUTCMonth(),
    shown.getUTCDate(),
    shown.getUTCHours(),
    shown.getUTCMinutes(),
    shown.getUTCSeconds(),
  );
  return date.getTime() - date.getTimezoneOffset() * 60_000 === shown.getTime() ? date.getTime() : undefined;
}

/** Milliseconds that a zone is ahead of UTC. */
function offsetOf(zone: string): number {
  if (zone.toUpperCase() === 'Z') return 0;
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)$/.exec(zone)!;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** The instant in UTC, to the second, or with the fraction that it has: "2026-11-23 14:05:10 UTC". */
export function formatInstant(micros: Micros): string {
  const seconds = Math.floor(micros / 1e6);
  const fraction = Math.round(micros - seconds * 1e6);
  const text = new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
  const tail = fraction === 0 ? '' : `.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`;
  return `${text}${tail} UTC`;
}

/** The same in the zone of this machine, which is named: "2026-11-23 15:05:10 +01:00 (Europe/Berlin)". */
export function formatLocally(micros: Micros): string {
  const date = new Date(Math.floor(micros / 1000));
  const minutes = -date.getTimezoneOffset();
  const local = formatInstant(micros + minutes * 60e6).replace(' UTC', '');
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const offset = `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
  return `${local} ${offset} (${Intl.DateTimeFormat().resolvedOptions().timeZone})`;
}
