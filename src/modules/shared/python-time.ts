/** A moment as Python prints a datetime of the controller's time zone: 2026-01-31 12:00:00.123000. */
export function pythonStamp(date: Date): string {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return `${local.toISOString().slice(0, -1).replace('T', ' ')}000`;
}

/** Milliseconds as Python prints a timedelta: 0:00:01.002000. */
export function pythonDelta(milliseconds: number): string {
  const length = Math.max(0, Math.round(milliseconds));
  const whole = Math.floor(length / 1000);
  const two = (part: number) => String(part).padStart(2, '0');
  const days = Math.floor(whole / 86_400);
  const before = days === 0 ? '' : `${days} day${days === 1 ? '' : 's'}, `;
  const fraction = length % 1000 === 0 ? '' : `.${String(length % 1000).padStart(3, '0')}000`;
  return `${before}${Math.floor(whole / 3600) % 24}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}${fraction}`;
}
