import type { Query } from '../contract.ts';
import { sh } from '../sh.ts';

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
}

const properties = [
  'Id',
  'LoadState',
  'ActiveState',
  'SubState',
  'UnitFileState',
  'Type',
  'Result',
  'NeedDaemonReload',
  'CanReload',
  'InvocationID',
  'StateChangeTimestampMonotonic',
] as const;

/** Units by name; `.service` may be left out. One `systemctl show` for all. */
export const units: Query<string, Unit> = {
  name: 'units',
  key: unitName,

  script: (names) => sh`systemctl show -p ${properties.join(',')} -- ${names.map(unitName)}`,

  parse(stdout, names) {
    const blocks = stdout.toString('utf8').trim().split(/\n\n+/);
    if (blocks.length !== names.length)
      throw new Error(`systemctl show told about ${blocks.length} of ${names.length} units`);
    return blocks.map((block) => {
      const values = new Map<string, string>();
      for (const line of block.split('\n')) {
        const at = line.indexOf('=');
        values.set(line.slice(0, at), line.slice(at + 1));
      }
      const get = (property: (typeof properties)[number]) => values.get(property) ?? '';
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
      };
    });
  },
};

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
