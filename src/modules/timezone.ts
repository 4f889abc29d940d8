import { z } from 'zod';
import { NotYet } from '../errors.ts';
import { contents } from '../host/queries/contents.ts';
import { stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { type Change, state } from './contract.ts';
import { moduleParams } from './shared/params.ts';

const zones = '/usr/share/zoneinfo';

const params = moduleParams({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/, 'expected a time zone such as Europe/Berlin or Etc/UTC')
    .describe('Time zone of the host, such as Etc/UTC.'),
});

interface State {
  readonly zone: string;
  /** What /etc/timezone says; undefined when the host has no such file, as Debian 13 and later. */
  readonly file: string | undefined;
}

export default state<z.output<typeof params>, State>({
  summary: 'Manage the time zone of a host.',
  params,

  async have({ name }, host) {
    const [link, file, known] = await Promise.all([
      host.ask(stat, { path: '/etc/localtime' }),
      host.ask(contents, '/etc/timezone'),
      host.ask(stat, { path: `${zones}/${name}`, follow: true }),
    ]);
    if (known?.type !== 'file')
      throw new NotYet(
        `there is no time zone ${name} on ${host.name}`,
        'the package tzdata has the time zones',
      );
    // localtime(5): without the link it is UTC.
    const zone = link === undefined ? 'UTC' : (zoneOf(link.target) ?? `a ${link.type}`);
    return { zone, file: file?.toString().trim() };
  },

  diff({ name }, have) {
    const list: Change[] = [];
    if (have.zone !== name) list.push({ what: 'name', from: have.zone, to: name });
    if (have.file !== undefined && have.file !== name)
      list.push({ what: '/etc/timezone', from: have.file, to: name });
    return list;
  },

  async fix(list, { name }, have, host) {
    if (list.some((change) => change.what === 'name')) {
      const fresh = '/etc/localtime.foobar';
      await host.run(sh`ln -sfnT -- ${`${zones}/${name}`} ${fresh} && mv -fT -- ${fresh} /etc/localtime`);
    }
    if (have.file !== undefined) await host.write('/etc/timezone', `${name}\n`, { mode: 0o644 });
  },
});

/** The zone that a link's target names, absolute or relative to /etc. */
export function zoneOf(target: string | undefined): string | undefined {
  return /^(?:\.\.)?\/usr\/share\/zoneinfo\/(?:posix\/)?(.+)$/.exec(target ?? '')?.[1];
}
