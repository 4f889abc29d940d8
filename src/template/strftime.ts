const two = (value: number) => String(value).padStart(2, '0');
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = 'January February March April May June July August September October November December'.split(
  ' ',
);
const dayLength = 86_400_000;

/** ISO 8601: the week that has the year's first Thursday is its first. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(date.getTime() + (3 - ((date.getUTCDay() + 6) % 7)) * dayLength);
  const year = thursday.getUTCFullYear();
  return { year, week: 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * dayLength)) };
}

/**
 * C's strftime in the C locale, of a time without a zone that is kept as UTC.
 * @param zone name and distance of the zone that the time is meant in; none for Python's datetimes
 */
export function strftime(format: string, date: Date, zone?: { name: string; minutes: number }): string {
  const start = Date.UTC(date.getUTCFullYear(), 0, 1);
  const yearDay = Math.floor((date.getTime() - start) / dayLength);
  const again = (inner: string) => strftime(inner, date, zone);
  const codes: Record<string, () => string> = {
    Y: () => String(date.getUTCFullYear()),
    y: () => two(date.getUTCFullYear() % 100),
    C: () => two(Math.floor(date.getUTCFullYear() / 100)),
    G: () => String(isoWeek(date).year),
    g: () => two(isoWeek(date).year % 100),
    V: () => two(isoWeek(date).week),
    U: () => two(Math.floor((yearDay + 7 - date.getUTCDay()) / 7)),
    W: () => two(Math.floor((yearDay + 7 - ((date.getUTCDay() + 6) % 7)) / 7)),
    m: () => two(date.getUTCMonth() + 1),
    d: () => two(date.getUTCDate()),
    e: () => String(date.getUTCDate()).padStart(2),
    H: () => two(date.getUTCHours()),
    k: () => String(date.getUTCHours()).padStart(2),
    I: () => two(date.getUTCHours() % 12 || 12),
    l: () => String(date.getUTCHours() % 12 || 12).padStart(2),
    M: () => two(date.getUTCMinutes()),
    S: () => two(date.getUTCSeconds()),
    f: () => `${String(date.getUTCMilliseconds()).padStart(3, '0')}000`,
    p: () => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
    P: () => (date.getUTCHours() < 12 ? 'am' : 'pm'),
    A: () => days[date.getUTCDay()] ?? '',
    a: () => (days[date.getUTCDay()] ?? '').slice(0, 3),
    u: () => String(date.getUTCDay() || 7),
    w: () => String(date.getUTCDay()),
    B: () => months[date.getUTCMonth()] ?? '',
    b: () => (months[date.getUTCMonth()] ?? '').slice(0, 3),
    h: () => (months[date.getUTCMonth()] ?? '').slice(0, 3),
    j: () => String(yearDay + 1).padStart(3, '0'),
    s: () => String(Math.floor(date.getTime() / 1000) - (zone?.minutes ?? 0) * 60),
    c: () => again('%a %b %e %H:%M:%S %Y'),
    x: () => again('%m/%d/%y'),
    X: () => again('%H:%M:%S'),
    D: () => again('%m/%d/%y'),
    F: () => again('%Y-%m-%d'),
    T: () => again('%H:%M:%S'),
    R: () => again('%H:%M'),
    r: () => again('%I:%M:%S %p'),
    n: () => '\n',
    t: () => '\t',
    Z: () => zone?.name ?? '',
    z: () => (zone ? offset(zone.minutes) : ''),
    '%': () => '%',
  };
  return format.replace(/%(-?)([a-zA-Z%])/g, (whole, plain, code) => {
    const value = codes[code]?.();
    if (value === undefined) return whole;
    return plain ? value.replace(/^[0 ]+(?=.)/, '') : value;
  });
}

function offset(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

/** A moment as the controller's zone has it: the time is in the UTC parts of the date. */
export function inLocalZone(date: Date): { date: Date; zone: { name: string; minutes: number } } {
  const minutes = -date.getTimezoneOffset();
  const name =
    new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
      .formatToParts(date)
      .find((part) => part.type === 'timeZoneName')?.value ?? 'UTC';
  return { date: new Date(date.getTime() + minutes * 60_000), zone: { name, minutes } };
}
