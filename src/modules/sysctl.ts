import { posix } from 'node:path';
import { z } from 'zod';
import { NotYet } from '../errors.ts';
import { contents } from '../host/queries/contents.ts';
import { sysctl } from '../host/queries/sysctl.ts';
import { sh } from '../host/sh.ts';
import { type Change, state } from './contract.ts';
import { ansibleBoolean, hostPath, text, withAliases } from './shared/params.ts';
import { requireDirectory } from './shared/placing.ts';
import { editSetting, kernelPath, readSetting } from './shared/sysctl-file.ts';

const params = withAliases(
  z
    .strictObject({
      name: z
        .string()
        .regex(/^[\w.*/:@-]+$/, 'expected a name such as net.ipv4.ip_forward')
        .describe('Name of the setting, such as net.ipv4.ip_forward.')
        .meta({ aliases: ['key'] }),
      value: text
        .optional()
        .describe('Value that it is to have.')
        .meta({ aliases: ['val'] }),
      state: z
        .enum(['present', 'absent'])
        .default('present')
        .describe('Whether the file is to hold the setting.'),
      sysctl_file: hostPath
        .default('/etc/sysctl.d/99-sysctl.conf')
        .describe(
          'File that keeps it over a boot. Debian 13 no longer reads /etc/sysctl.conf; in Debian 12 the default is a link to it.',
        ),
      sysctl_set: ansibleBoolean
        .default(false)
        .describe("Set the running kernel's value even with reload: no."),
      reload: ansibleBoolean
        .default(true)
        .describe("Set the running kernel's value too, and mend it when it differs."),
      ignoreerrors: ansibleBoolean
        .default(false)
        .describe('Leave settings alone that this kernel does not have.'),
    })
    .refine((want) => want.state === 'absent' || want.value !== undefined, {
      error: 'state present needs value',
      path: ['value'],
    }),
);

interface State {
  readonly file: string | undefined;
  /** The running kernel's value; undefined when it is not asked for. */
  readonly live: string | undefined;
}

export default state<z.output<typeof params>, State>({
  summary: 'Manage settings of the kernel, in a file and live.',
  params,

  async have(want, host) {
    const asked = want.state === 'present' && (want.reload || want.sysctl_set);
    const [file, live] = await Promise.all([
      host.ask(contents, want.sysctl_file),
      asked ? host.ask(sysctl, kernelPath(want.name)) : undefined,
    ]);
    if (asked && live === undefined && !want.ignoreerrors)
      throw new NotYet(
        `the kernel of ${host.name} has no ${want.name}`,
        'its module may have to be loaded before',
      );
    if (file === undefined && want.state === 'present')
      await requireDirectory(posix.dirname(want.sysctl_file), host);
    return { file: file?.toString(), live };
  },

  diff(want, have) {
    const value = want.state === 'present' ? plain(want.value ?? '') : undefined;
    const kept = readSetting(have.file ?? '', want.name);
    const list: Change[] = [];
    if (kept !== value)
      list.push({ what: `${want.name} in ${want.sysctl_file}`, from: kept ?? null, to: value ?? null });
    if (value !== undefined && have.live !== undefined && have.live !== value)
      list.push({ what: want.name, from: have.live, to: value });
    return list;
  },

  async fix(_changes, want, have, host) {
    const value = want.state === 'present' ? plain(want.value ?? '') : undefined;
    if (readSetting(have.file ?? '', want.name) !== value)
      await host.write(want.sysctl_file, editSetting(have.file ?? '', want.name, value));
    if (value !== undefined && have.live !== undefined && have.live !== value)
      await host.run(sh`printf '%s\\n' ${value} >${kernelPath(want.name)}`);
  },
});

/** Several numbers are separated by tabs in /proc and by blanks in files. */
function plain(value: string): string {
  return value.trim().replaceAll(/\s+/g, ' ');
}
