import { z } from 'zod';
import { NotYet } from '../errors.ts';
import { contents } from '../host/queries/contents.ts';
import { stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { type Change, state } from './contract.ts';
import { withAliases } from './shared/params.ts';

const zones = '/usr/share/zoneinfo';

const params = withAliases(
  z
    .strictObject({
      name: z
        .string()
        .regex(
          /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/,
          'expected a time zone such as Europe/Berlin or Etc/UTC',
        )
        .optional()
        .describe('Time zone of the host, such as Etc/UTC.'),
      hwclock: z
        .enum(['UTC', 'local'])
        .optional()
        .describe('What time the hardware clock keeps, in the third line of /etc/adjtime.')
        .meta({ aliases: ['rtc'] }),
    })
    .refine((want) => want.name !== undefined || want.hwclock !== undefined, {
      error: 'one of the following is required: hwclock, name',
    }),
);

interface State {
  readonly zone: string;
  /** What /etc/timezone says; undefined when the host has no such file, as Debian 13 and later. */
  readonly file: string | undefined;
  /** /etc/adjtime: adjtime_config(5). */
  readonly clock: string | undefined;
}

export default state<z.output<typeof params>, State>({
  summary: 'Manage the time zone of a host.',
  params,

  async have({ name }, host) {
    const [link, file, clock, known] = await Promise.all([
      host.ask(stat, { path: '/etc/localtime' }),
      host.ask(contents, '/etc/timezone'),
      host.ask(contents, '/etc/adjtime'),
      name === undefined ? undefined : host.ask(stat, { path: `${zones}/${name}`, follow: true }),
    ]);
    if (name !== undefined && known?.type !== 'file')
      throw new NotYet(
        `there is no time zone ${name} on ${host.name}`,
        'the package tzdata has the time zones',
      );
    // localtime(5): without the link it is UTC.
    const zone = link === undefined ? 'UTC' : (zoneOf(link.target) ?? `a ${link.type}`);
    return { zone, file: file?.toString().trim(), clock: clock?.toString() };
  },

  diff({ name, hwclock }, have) {
    const list: Change[] = [];
    if (name !== undefined && have.zone !== name) list.push({ what: 'name', from: have.zone, to: name });
    if (name !== undefined && have.file !== undefined && have.file !== name)
      list.push({ what: '/etc/timezone', from: have.file, to: name });
    const clock = clockOf(have.clock);
    if (hwclock !== undefined && clock !== hwclock) list.push({ what: 'hwclock', from: clock, to: hwclock });
    return list;
  },

  async fix(list, { name, hwclock }, have, host) {
    const differs = (what: string) => list.some((change) => change.what === what);
    if (differs('name')) {
      const fresh = '/etc/localtime.foobar';
      await host.run(sh`ln -sfnT -- ${`..${zones}/${name!}`} ${fresh} && mv -fT -- ${fresh} /etc/localtime`);
    }
    if (differs('/etc/timezone')) await host.write('/etc/timezone', `${name}\n`, { mode: 0o644 });
    if (differs('hwclock')) {
      const [drift = '0.0 0 0', adjusted = '0'] = (have.clock ?? '')
        .split('\n')
        .filter((line) => line !== '');
      await host.write('/etc/adjtime', `${drift}\n${adjusted}\n${hwclock === 'UTC' ? 'UTC' : 'LOCAL'}\n`);
    }
  },
});

function clockOf(adjtime: string | undefined): 'UTC' | 'local' {
  return adjtime?.split('\n')[2]?.trim() === 'LOCAL' ? 'local' : 'UTC';
}

/** The zone that a link's target names, absolute or relative to /etc. */
export function zoneOf(target: string | undefined): string | undefined {
  return /^(?:\.\.)?\/usr\/share\/zoneinfo\/(?:posix\/)?(.+)$/.exec(target ?? '')?.[1];
}
