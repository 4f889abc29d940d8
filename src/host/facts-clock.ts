/**
 * Ansible's date_time. Each line: seconds, nanoseconds, offset, zone, weekday, its number, number of the week; first
 * of now, then of January and of July, one of which has summer time where there is any.
 */
export function readClock(text: string): Record<string, unknown> {
  const [now = '', january = '', july = ''] = text.split('\n');
  const [epoch = '0', nanoseconds = '0', offset = '+0000', zone = 'UTC', weekday, number, week] =
    now.split(' ');
  const utc = new Date(Number(epoch) * 1000);
  const local = new Date(utc.getTime() + minutesOf(offset) * 60_000).toISOString();
  const micro = nanoseconds.slice(0, 6).padEnd(6, '0');
  const compact = local.slice(0, 19).replaceAll(/[-:]/g, '');
  const [winter, summer] = [january, july].map((each) => {
    const [, , ahead = '+0000', name] = each.split(' ');
    return { ahead: minutesOf(ahead), name };
  });
  const dst = summer!.ahead > winter!.ahead ? summer!.name : winter!.name;
  return {
    year: local.slice(0, 4),
    month: local.slice(5, 7),
    weekday,
    weekday_number: number,
    weeknumber: week,
    day: local.slice(8, 10),
    hour: local.slice(11, 13),
    minute: local.slice(14, 16),
    second: local.slice(17, 19),
    epoch,
    epoch_int: epoch,
    date: local.slice(0, 10),
    time: local.slice(11, 19),
    iso8601_micro: `${utc.toISOString().slice(0, 19)}.${micro}Z`,
    iso8601: `${utc.toISOString().slice(0, 19)}Z`,
    iso8601_basic: `${compact}${micro}`,
    iso8601_basic_short: compact,
    tz: zone,
    tz_dst: dst ?? zone,
    tz_offset: offset,
  };
}

function minutesOf(offset: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d)(\d\d)/.exec(offset) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
}
