import { z } from 'zod';
import { rawShell, sh } from '../host/sh.ts';
import { changes, state } from './contract.ts';
import { moduleParams } from './shared/params.ts';

const params = moduleParams({
  name: z
    .string()
    .max(64)
    .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/, 'expected letters, digits, dots and dashes')
    .describe('Name that the host is to have.'),
  use: z.enum(['debian', 'systemd']).optional().describe('Accepted for Ansible; both are done in one way.'),
});

interface State {
  /** What /etc/hostname says: the name after the next boot. */
  readonly permanent: string;
  /** What the kernel says. */
  readonly name: string;
}

export default state<z.output<typeof params>, State>({
  summary: 'Manage the name of a host, now and after a boot.',
  params,

  async have(_want, host) {
    const { stdout } = await host.look(
      rawShell(`p= n=
[ ! -r /etc/hostname ] || read -r p </etc/hostname
read -r n </proc/sys/kernel/hostname
printf '%s\\n' "$p" "$n"`),
    );
    const [permanent = '', name = ''] = stdout.split('\n');
    return { permanent, name };
  },

  diff: ({ name }, have) => changes({ permanent: name, name }, have),

  async fix(list, { name }, _have, host) {
    if (list.some((change) => change.what === 'permanent')) {
      // As Ansible: where systemd runs it keeps the name for people too.
      const { code } = await host.run(
        sh`[ -d /run/systemd/system ] && hostnamectl --pretty --static set-hostname -- ${name}`,
        { expect: 'any' },
      );
      if (code !== 0) await host.write('/etc/hostname', `${name}\n`, { mode: 0o644 });
    }
    if (list.some((change) => change.what === 'name')) await host.run(sh`hostname -- ${name}`);
  },

  result: ({ name }) => ({
    name,
    ansible_facts: {
      ansible_hostname: name.split('.')[0],
      ansible_nodename: name,
      ansible_fqdn: name,
      ansible_domain: name.split('.').slice(1).join('.'),
    },
  }),
});
