import { TaskFailure } from '../../errors.ts';
import { real } from '../numbers.ts';
import { Day, type Duration, Tuple, text } from '../python.ts';
import { strftime } from '../strftime.ts';
import { type Methods, takes } from './contract.ts';

const day = (date: Date) => (date.getUTCDay() + 6) % 7;

/** A datetime of Python: kept as that time in UTC, since it has no zone. */
export const dateAttributes: Readonly<Record<string, (date: Date) => unknown>> = {
  year: (date) => date.getUTCFullYear(),
  month: (date) => date.getUTCMonth() + 1,
  day: (date) => date.getUTCDate(),
  hour: (date) => date.getUTCHours(),
  minute: (date) => date.getUTCMinutes(),
  second: (date) => date.getUTCSeconds(),
  microsecond: (date) => date.getUTCMilliseconds() * 1000,
  tzinfo: () => null,
};

export const dates: Methods<Date> = {
  isoformat: takes('sep', (self, [separator]) => {
    const written = self
      .toISOString()
      .replace(/\.000Z$|Z$/, '')
      .replace(/(\.\d{3})$/, '$1000');
    return written.replace('T', separator === undefined ? 'T' : text(separator));
  }),
  // Python takes a datetime without a zone for one of the controller's own.
  timestamp: takes('', (self) => real(localTime(self) / 1000)),
  strftime: takes('format!', (self, [format]) => strftime(text(format), self)),
  weekday: takes('', day),
  isoweekday: takes('', (self) => day(self) + 1),
  toordinal: takes('', (self) => Math.floor(self.getTime() / 86_400_000) + 719_163),
  date: takes('', (self) => new Day(Math.floor(self.getTime() / 86_400_000) * 86_400_000)),
  time: takes('', (self) => self.toISOString().slice(11, 19)),
  timetuple: takes('', (self) =>
    Tuple.of(self.getUTCFullYear(), self.getUTCMonth() + 1, self.getUTCDate(), self.getUTCHours()),
  ),
  replace: takes('year month day hour minute second', (self, args) => {
    const parts = ['year', 'month', 'day', 'hour', 'minute', 'second'].map((name, index) =>
      Number(args[index] ?? dateAttributes[name]!(self)),
    ) as [number, number, number, number, number, number];
    return new Date(Date.UTC(parts[0], parts[1] - 1, ...(parts.slice(2) as [number])));
  }),
};

function localTime(date: Date): number {
  const at = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()] as const;
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()] as const;
  return new Date(...at, ...time, date.getUTCMilliseconds()).getTime();
}

const daySeconds = 86_400;

export const durationAttributes: Readonly<Record<string, (duration: Duration) => unknown>> = {
  days: ({ seconds }) => Math.floor(seconds / daySeconds),
  seconds: ({ seconds }) => Math.floor(seconds - Math.floor(seconds / daySeconds) * daySeconds),
  microseconds: ({ seconds }) => Math.round((seconds - Math.floor(seconds)) * 1e6),
};

export const durations: Methods<Duration> = {
  total_seconds: takes('', ({ seconds }) => real(seconds)),
};

const names: Readonly<Record<string, string>> = {
  Y: '(?<Y>\\d{4})',
  y: '(?<y>\\d{2})',
  m: '(?<m>1[0-2]|0?[1-9])',
  d: '(?<d>3[01]|[12]\\d|0?[1-9]| [1-9])',
  H: '(?<H>2[0-3]|[01]?\\d)',
  I: '(?<I>1[0-2]|0?[1-9])',
  M: '(?<M>[0-5]?\\d)',
  S: '(?<S>6[01]|[0-5]?\\d)',
  f: '(?<f>\\d{1,6})',
  p: '(?<p>am|pm)',
  b: '(?<b>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)',
  B: '(?<B>january|february|march|april|may|june|july|august|september|october|november|december)',
  a: '(?:mon|tue|wed|thu|fri|sat|sun)',
  A: '(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)',
  j: '(?<j>\\d{1,3})',
  z: '(?<z>[+-]\\d\\d:?\\d\\d|Z)',
  Z: '(?:UTC|GMT)',
  '%': '%',
};

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');

/** Python's datetime.strptime. Throws TaskFailure for a text that does not fit. */
export function strptime(written: string, format: string): Date {
  const wrong = () => new TaskFailure(`time data '${written}' does not match format '${format}'`);
  const expanded = format
    .replaceAll('%T', '%H:%M:%S')
    .replaceAll('%D', '%m/%d/%y')
    .replaceAll('%F', '%Y-%m-%d');
  const source = expanded.replace(/%(.)|\s+|([\\^$.*+?()[\]{}|/])/g, (whole, code, sign) => {
    if (sign !== undefined) return `\\${sign}`;
    if (code === undefined) return '\\s+';
    const pattern = names[code as string];
    if (pattern === undefined) throw new TaskFailure(`'${code}' is a bad directive in format '${format}'`);
    return whole === '%%' ? '%' : pattern;
  });
  const found = new RegExp(`^${source}$`, 'i').exec(written)?.groups;
  if (!found && !new RegExp(`^${source}$`, 'i').test(written)) throw wrong();
  const { Y, y, m, d, H, I, M, S, f, p, b, B, j, z } = found ?? {};
  const year = Y ? Number(Y) : y ? Number(y) + (Number(y) < 69 ? 2000 : 1900) : 1900;
  const named = (b ?? B)?.slice(0, 3).toLowerCase();
  const month = named ? months.indexOf(named) : Number(m ?? 1) - 1;
  const hour = H ? Number(H) : I ? (Number(I) % 12) + (p?.toLowerCase() === 'pm' ? 12 : 0) : 0;
  const time = [hour, Number(M ?? 0), Number(S ?? 0), Number((f ?? '0').padEnd(6, '0')) / 1000] as const;
  const date = new Date(Date.UTC(year, j ? 0 : month, j ? Number(j) : Number(d ?? 1), ...time));
  if (!j && date.getUTCMonth() !== month) throw new TaskFailure('day is out of range for month');
  if (z && z !== 'Z') {
    const minutes = Number(z.slice(1, 3)) * 60 + Number(z.slice(-2));
    date.setTime(date.getTime() - (z.startsWith('-') ? -minutes : minutes) * 60_000);
  }
  return date;
}
