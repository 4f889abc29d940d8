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
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = match;
  const parts = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const asUtc = Date.UTC(parts[0], parts[1] - 1, parts[2], parts[3], parts[4], parts[5]);
  const written = (date: Date, utc: boolean) =>
    utc
      ? date.getTime() === asUtc
      : Date.UTC(
          date.getFullYear(),
          date.getMonth(),
          date.getDate(),
          date.getHours(),
          date.getMinutes(),
          date.getSeconds(),
        ) === asUtc;
  const exists = (date: Date, utc: boolean) => {
    if (!written(date, utc) || parts[5] > 59 || parts[4] > 59 || parts[3] > 23 || parts[1] > 12)
      throw new Error(`${JSON.stringify(text)} is no time: there is no such time of the calendar`);
    return date.getTime();
  };
  if (new Date(asUtc).getUTCDate() !== parts[2]) exists(new Date(Number.NaN), true);
  const millis = zone
    ? exists(new Date(asUtc), true) - offsetOf(zone)
    : exists(new Date(parts[0], parts[1] - 1, parts[2], parts[3], parts[4], parts[5]), false);
  return millis * 1000 + Number(fraction.padEnd(6, '0'));
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
