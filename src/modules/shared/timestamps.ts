import { TaskFailure } from '../../errors.ts';
import type { HostReader } from '../../host/contract.ts';
import { type Command, sh } from '../../host/sh.ts';

/** `now`, `preserve`, or seconds since 1970. */
export type Timestamp = 'now' | 'preserve' | number;

const fields: Record<string, string> = {
  Y: '(?<Y>\\d{4})',
  m: '(?<m>\\d{1,2})',
  d: '(?<d>\\d{1,2})',
  H: '(?<H>\\d{1,2})',
  M: '(?<M>\\d{1,2})',
  S: '(?<S>\\d{1,2})',
};

/** A time in one of Python's formats as `YYYY-MM-DD HH:MM:SS`. Throws for what does not fit, and for other fields. */
export function parseTimestamp(value: string, format: string): string {
  const source = format.replaceAll(/%(.)|[.*+?^${}()|[\]\\]/g, (whole, letter?: string) => {
    if (letter === undefined) return `\\${whole}`;
    if (letter === '%') return '%';
    const field = fields[letter];
    if (field === undefined)
      throw new TaskFailure(
        `%${letter} in the format ${format} is not supported`,
        'there are %Y %m %d %H %M %S',
      );
    return field;
  });
  const found = new RegExp(`^${source}$`).exec(value)?.groups;
  if (found === undefined) throw new TaskFailure(`the time ${value} does not fit its format ${format}`);
  const part = (letter: string, other: string) => (found[letter] ?? other).padStart(2, '0');
  const day = [part('Y', '1900'), part('m', '1'), part('d', '1')].join('-');
  return `${day} ${['H', 'M', 'S'].map((letter) => part(letter, '0')).join(':')}`;
}

/** What a time means on the host, in its time zone. */
export async function readTimestamp(
  value: string | undefined,
  format: string,
  standard: 'now' | 'preserve',
  host: HostReader,
): Promise<Timestamp> {
  if (value === undefined) return standard;
  if (value === 'now' || value === 'preserve') return value;
  const { stdout } = await host.look(sh`date -d ${parseTimestamp(value, format)} +%s`);
  return Number(stdout.trim());
}

/** Whether a file's time is not the wanted one. */
export function timeDiffers(want: Timestamp, have: number): boolean {
  return want === 'now' || (want !== 'preserve' && want !== have);
}

/** Sets the times of a path. */
export function touchCommands(path: string, modified: Timestamp, accessed: Timestamp): Command[] {
  const command = (option: string, time: Timestamp) => {
    if (time === 'preserve') return [];
    return [
      time === 'now' ? sh`touch ${option} -- ${path}` : sh`touch ${option} -d ${`@${time}`} -- ${path}`,
    ];
  };
  return [...command('-m', modified), ...command('-a', accessed)];
}
