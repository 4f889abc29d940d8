import type { Query } from '../contract.ts';
import { rawShell } from '../sh.ts';

/** A service as Ansible's service_facts tells of it. */
export interface ServiceFacts {
  readonly name: string;
  readonly state: string;
  readonly status?: string;
  readonly source: 'sysv' | 'systemd';
}

/** All services that service(8) and systemd know of. */
export const serviceFacts: Query<void, Readonly<Record<string, ServiceFacts>>> = {
  name: 'serviceFacts',
  key: () => '',

  script: () =>
    rawShell(`export LC_ALL=C
service --status-all 2>/dev/null
echo --
[ -d /run/systemd/system ] || exit 0
systemctl list-units --no-pager --type service --all --plain
echo --
systemctl list-unit-files --no-pager --type service --all
echo --
systemctl list-unit-files --no-pager --no-legend --type service --all | while read -r name rest; do
case $name in *@.service) ;; *) echo "$name" ;; esac
done | xargs -r systemctl show -p Id,ActiveState,Names --
:`),

  parse(stdout, args) {
    const [scripts = '', units = '', files = '', shown = ''] = stdout.toString('utf8').split(/^--$/m);
    const services: Record<string, ServiceFacts> = {};
    for (const [, sign, name = ''] of scripts.matchAll(/^\s*\[ ([+-]) \]\s+(.+)$/gm))
      services[name] = { name, state: sign === '+' ? 'running' : 'stopped', source: 'sysv' };
    for (const line of units.split('\n').filter((line) => line.includes('.service'))) {
      const service = readUnit(line);
      if (service) services[service.name] = service;
    }
    const states = activeStates(shown);
    for (const line of files.split('\n').filter((line) => line.includes('.service'))) {
      const [name = '', status = ''] = line.trim().split(/\s+/);
      const known = services[name];
      if (known === undefined)
        services[name] = { name, state: states.get(name) ?? 'unknown', status, source: 'systemd' };
      else if (!bad.includes(known.status ?? '')) services[name] = { ...known, status };
    }
    return args.map(() => services);
  },
};

const bad = ['not-found', 'masked', 'failed'];

/** A line of list-units: UNIT LOAD ACTIVE SUB DESCRIPTION, judged as Ansible judges it. */
function readUnit(line: string): ServiceFacts | undefined {
  const fields = line.trim().split(/\s+/);
  const [name, , active, sub] = fields;
  if (name === undefined || active === undefined || sub === undefined) return undefined;
  const status = bad.find((word) => fields.slice(0, -1).includes(word)) ?? active;
  return { name, state: sub === 'running' ? 'running' : 'stopped', status, source: 'systemd' };
}

/** `systemctl show` in blocks; an alias has the state of the unit that it stands for. */
function activeStates(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const block of text.trim().split(/\n\n+/)) {
    const state = /^ActiveState=(.*)$/m.exec(block)?.[1];
    const names = /^Names=(.*)$/m.exec(block)?.[1]?.split(' ') ?? [];
    if (state !== undefined) for (const name of names) found.set(name, state);
  }
  return found;
}
