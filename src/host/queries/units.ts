import type { Query } from '../contract.ts';
import { type Command, sh } from '../sh.ts';

/** A unit as systemd sees it; names of properties and values as in org.freedesktop.systemd1(5). */
export interface Unit {
  readonly id: string;
  /** loaded, not-found, masked, error, bad-setting */
  readonly loadState: string;
  /** active, reloading, inactive, failed, activating, deactivating */
  readonly activeState: string;
  readonly subState: string;
  /** enabled, disabled, static, masked and so on; empty when the unit has no file. */
  readonly unitFileState: string;
  readonly type: string;
  /** Why it failed last: success, exit-code, start-limit-hit and so on. */
  readonly result: string;
  readonly needDaemonReload: boolean;
  readonly canReload: boolean;
  /** Another one after each start. */
  readonly invocation: string;
  /** Microseconds since boot of the last change of state; a reload changes it too. */
  readonly stateChanged: string;
  /** All that was asked for, under systemd's names: for results. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Whose service manager: the system's, that of the user who asks, or what holds for all users. */
export type UnitScope = 'system' | 'user' | 'global';

/** Those that decide, and those that playbooks read of a registered `status`. */
const properties = [
  'Id',
  'Names',
  'Description',
  'LoadState',
  'LoadError',
  'ActiveState',
  'SubState',
  'UnitFileState',
  'UnitFilePreset',
  'FragmentPath',
  'DropInPaths',
  'SourcePath',
  'Type',
  'Result',
  'NeedDaemonReload',
  'CanStart',
  'CanStop',
  'CanReload',
  'InvocationID',
  'StateChangeTimestampMonotonic',
  'StateChangeTimestamp',
  'ActiveEnterTimestamp',
  'ActiveExitTimestamp',
  'InactiveEnterTimestamp',
  'ExecMainStartTimestamp',
  'ExecMainPID',
  'ExecMainCode',
  'ExecMainStatus',
  'MainPID',
  'ControlPID',
  'NRestarts',
  'Restart',
  'RestartUSec',
  'PIDFile',
  'StatusText',
  'User',
  'Group',
  'WorkingDirectory',
  'Environment',
  'Slice',
  'ControlGroup',
  'TasksCurrent',
  'MemoryCurrent',
  'Requires',
  'Wants',
  'WantedBy',
  'Conflicts',
  'Before',
  'After',
  'TriggeredBy',
  'Triggers',
] as const;

/** Units by name; `.service` may be left out. One `systemctl show` for all. */
export const units = unitsOf('system');

/** The same for the service manager of whoever asks. */
export const userUnits = unitsOf('user');

function unitsOf(scope: 'system' | 'user'): Query<string, Unit> {
  return {
    name: scope === 'system' ? 'units' : 'userUnits',
    key: unitName,

    script: (names) => sh`${systemctl(scope)} show -p ${properties.join(',')} -- ${names.map(unitName)}`,

    parse(stdout, names) {
      const blocks = stdout.toString('utf8').trim().split(/\n\n+/);
      if (blocks.length !== names.length)
        throw new Error(`systemctl show told about ${blocks.length} of ${names.length} units`);
      return blocks.map((block) => {
        const values: Record<string, string> = {};
        for (const line of block.split('\n')) {
          const at = line.indexOf('=');
          values[line.slice(0, at)] = line.slice(at + 1);
        }
        return unitOf(values);
      });
    },
  };
}

/** What holds for all users' service managers: only whether units are enabled or masked there. */
export const globalUnits: Query<string, Unit> = {
  name: 'globalUnits',
  key: unitName,

  script: (names) => sh`for n in ${names.map(unitName)}; do
echo "$n $(systemctl --global is-enabled -- "$n" 2>/dev/null)"
done`,

  parse(stdout, names) {
    const found = new Map(
      stdout
        .toString('utf8')
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    );
    return names.map((name) => {
      const state = found.get(unitName(name)) ?? '';
      const missing = state === '' || state === 'not-found';
      return unitOf({
        Id: unitName(name),
        LoadState: missing ? 'not-found' : state.startsWith('masked') ? 'masked' : 'loaded',
        UnitFileState: missing ? '' : state,
      });
    });
  },
};

function unitOf(values: Readonly<Record<string, string>>): Unit {
  const get = (property: (typeof properties)[number]) => values[property] ?? '';
  return {
    id: get('Id'),
    loadState: get('LoadState'),
    activeState: get('ActiveState'),
    subState: get('SubState'),
    unitFileState: get('UnitFileState'),
    type: get('Type'),
    result: get('Result'),
    needDaemonReload: get('NeedDaemonReload') === 'yes',
    canReload: get('CanReload') === 'yes',
    invocation: get('InvocationID'),
    stateChanged: get('StateChangeTimestampMonotonic'),
    properties: values,
  };
}

/** systemctl for a scope. A user's manager is found by the runtime directory, which sudo does not set. */
export function systemctl(scope: UnitScope): Command {
  if (scope === 'system') return sh`systemctl`;
  if (scope === 'global') return sh`systemctl --global`;
  return sh`env XDG_RUNTIME_DIR="\${XDG_RUNTIME_DIR:-/run/user/$(id -u)}" systemctl --user`;
}

/** Whether any loaded unit's file is newer than what systemd has read. */
export const staleUnits: Query<void, boolean> = {
  name: 'staleUnits',
  key: () => '',
  script: () => sh`systemctl show -p NeedDaemonReload --value -- '*'`,
  parse: (stdout, args) => args.map(() => /^yes$/m.test(stdout.toString('utf8'))),
};

/** The whole name of a unit: a service unless it says otherwise. */
export function unitName(name: string): string {
  const kinds = /\.(service|socket|device|mount|automount|swap|target|path|timer|slice|scope)$/;
  return kinds.test(name) ? name : `${name}.service`;
}
