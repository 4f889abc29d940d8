import { CommandError, NotYet, TaskFailure } from '../../errors.ts';
import type { Host, HostReader } from '../../host/contract.ts';
import {
  globalUnits,
  staleUnits,
  systemctl,
  type Unit,
  type UnitScope,
  unitName,
  units,
  userUnits,
} from '../../host/queries/units.ts';
import { type Command, rawShell, sh } from '../../host/sh.ts';
import type { Change } from '../contract.ts';
import { rememberedFor, rememberFor } from './remember.ts';

/** What is wanted of a unit. */
export interface UnitWant {
  readonly name?: string | undefined;
  readonly state?: 'started' | 'stopped' | 'restarted' | 'reloaded' | undefined;
  readonly enabled?: boolean | undefined;
  readonly masked?: boolean | undefined;
  /** Read unit files again that changed since systemd read them. */
  readonly daemon_reload?: boolean | undefined;
  readonly daemon_reexec?: boolean | undefined;
  /** Do not wait until the unit has started or stopped. */
  readonly no_block?: boolean | undefined;
  /** Overwrite links of other units. */
  readonly force?: boolean | undefined;
  readonly scope?: UnitScope | undefined;
}

export interface UnitState {
  readonly unit?: Unit;
  readonly stale: boolean;
}

/** Seconds that a unit may take to start or stop before it counts as failed: systemd's own default. */
const patience = 90;

const queries = { system: units, user: userUnits, global: globalUnits };

export async function readUnit(want: UnitWant, host: HostReader): Promise<UnitState> {
  const [unit, stale] = await Promise.all([
    want.name === undefined ? undefined : host.ask(queries[want.scope ?? 'system'], want.name),
    want.daemon_reload && want.name === undefined ? host.ask(staleUnits, undefined) : false,
  ]);
  if (unit === undefined) return { stale };
  // A unit can be masked before it is there.
  const needed = want.state !== undefined || want.enabled !== undefined;
  // One of systemd-run is gone with its process.
  const stopped = want.state === 'stopped' && rememberedFor(want).stopped === true;
  if (unit.loadState === 'not-found' && needed && !stopped)
    throw new NotYet(
      `there is no unit ${unit.id} on ${host.name}`,
      'is its package installed, or its file in /etc/systemd/system?',
    );
  return { unit, stale: unit.needDaemonReload };
}

export function unitChanges(want: UnitWant, { unit, stale }: UnitState): Change[] {
  const changes: Change[] = [];
  if (want.daemon_reexec)
    changes.push({ what: 'daemon', from: 'running', to: 'executed again', uncounted: true });
  if (want.daemon_reload && stale)
    changes.push({ what: 'unit files', from: 'changed', to: 'reloaded', uncounted: true });
  if (unit === undefined) return changes;
  const masked = isMasked(unit);
  if (want.masked !== undefined && want.masked !== masked)
    changes.push({ what: 'masked', from: masked, to: want.masked });
  // As Ansible asks: after masking, which leaves the links of an enabled unit.
  const enabled = want.masked !== true && isEnabled(unit);
  if (want.enabled !== undefined && want.enabled !== enabled)
    changes.push({ what: 'enabled', from: enabled, to: want.enabled });
  const state = shownState(unit);
  if (want.state === 'restarted' || want.state === 'reloaded')
    changes.push({ what: 'state', from: state, to: want.state });
  else if (want.state === 'started' && !isUp(unit))
    changes.push({ what: 'state', from: state, to: 'started' });
  else if (want.state === 'stopped' && !isDown(unit))
    changes.push({ what: 'state', from: state, to: 'stopped' });
  return changes;
}

/** What is left to be done: a restart is proven by a new invocation, a reload by a change of state. */
export function unitLeft(want: UnitWant, before: UnitState, after: UnitState): Change[] {
  const left = unitChanges(
    {
      ...want,
      daemon_reexec: false,
      ...(startsIt(want) ? { state: undefined } : {}),
      // A unit without [Install] of its own stays as it is, whatever was asked for.
      ...([...fixedStates, 'alias', 'indirect'].includes(after.unit?.unitFileState ?? '')
        ? { enabled: undefined }
        : {}),
    },
    after,
  );
  const [old, unit] = [before.unit, after.unit];
  if (!startsIt(want) || old === undefined || unit === undefined) return left;
  const asked = { what: 'state', from: shownState(unit), to: want.state };
  if (want.no_block) return left;
  if (!isUp(unit) && !(unit.type === 'oneshot' && unit.result === 'success' && isDown(unit)))
    return [...left, asked];
  const proven =
    want.state === 'started' ||
    (want.state === 'restarted'
      ? unit.invocation !== old.invocation
      : unit.stateChanged !== old.stateChanged);
  return proven ? left : [...left, { ...asked, from: `not ${want.state}` }];
}

export async function fixUnit(
  changes: readonly Change[],
  want: UnitWant,
  { unit, stale }: UnitState,
  host: Host,
): Promise<void> {
  const changed = (what: string) => changes.some((change) => change.what === what);
  if (unit !== undefined) rememberFor(want, { status: unit.properties });
  const force = want.force ? ['--force'] : [];
  const control = sh`${systemctl(want.scope ?? 'system')} ${force}`;
  if (want.daemon_reexec) await host.run(sh`${control} daemon-reexec`);
  const name = want.name === undefined ? undefined : unitName(want.name);
  if (changed('masked')) await host.run(sh`${control} ${want.masked ? 'mask' : 'unmask'} -- ${name!}`);
  if (stale || changed('unit files')) await host.run(sh`${control} daemon-reload`);
  if (changed('enabled')) await host.run(sh`${control} ${want.enabled ? 'enable' : 'disable'} -- ${name!}`);
  if (!changed('state') || name === undefined || unit === undefined) return;
  // A unit that failed too often is not started again before that is forgotten.
  if (unit.activeState === 'failed' && want.state !== 'stopped')
    await host.run(sh`${control} reset-failed -- ${name}`);
  const wait = want.no_block ? ['--no-block'] : [];
  try {
    await host.run(sh`${control} ${verb(want, unit)} ${wait} -- ${name}`);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw await failure(name, error.message, want, host);
  }
  if (want.state === 'stopped') rememberFor(want, { stopped: true });
  if (want.no_block) return;
  const after = await settle(name, unit.type, control, host);
  if (startsIt(want) && !/^(active|inactive) /.test(after))
    throw await failure(
      name,
      `${name} was ${want.state} and is now ${after.trim().replace(' ', ' / ')}`,
      want,
      host,
    );
}

/** Keys of Ansible's result. */
export function unitResult(want: UnitWant, { unit }: UnitState): Record<string, unknown> {
  // As Ansible: what was there before. A further attempt of the same task has a status of its own.
  const status = rememberedFor(want).status ?? unit?.properties ?? {};
  rememberFor(want, { status: undefined });
  return {
    name: want.name ?? null,
    ...(want.state === undefined ? {} : { state: want.state === 'stopped' ? 'stopped' : 'started' }),
    ...(want.enabled === undefined ? {} : { enabled: want.enabled }),
    status,
  };
}

function startsIt(want: UnitWant): boolean {
  return want.state !== undefined && want.state !== 'stopped';
}

function verb(want: UnitWant, unit: Unit): string {
  switch (want.state) {
    case 'stopped':
      return 'stop';
    case 'restarted':
      return 'restart';
    case 'reloaded':
      return unit.activeState === 'active' ? 'reload' : 'start';
    default:
      return 'start';
  }
}

/**
 * Waits until the unit is neither starting nor stopping and gives its state. Services that tell systemd nothing
 * are `active` from their first instant: these get a moment to fail.
 */
async function settle(name: string, type: string, control: Command, host: Host): Promise<string> {
  const moment = ['simple', 'exec', 'idle'].includes(type) ? rawShell('sleep 0.7') : rawShell(':');
  const { stdout } = await host.run(sh`${moment}
end=$(($(date +%s) + ${patience}))
while :; do
state=$(${control} show -p ActiveState -p SubState --value -- ${name} | tr '\\n' ' ')
case $state in *auto-restart*) break ;; activating* | reloading* | deactivating*) ;; *) break ;; esac
[ "$(date +%s)" -lt "$end" ] || break
sleep 0.2
done
echo "$state"`);
  return stdout;
}

async function failure(name: string, message: string, want: UnitWant, host: Host): Promise<TaskFailure> {
  const of = want.scope === 'user' ? ['--user-unit'] : ['-u'];
  const { stdout } = await host.look(sh`journalctl -q --no-pager -o cat -n 15 ${of} ${name}`, {
    expect: 'any',
  });
  const log = stdout.trim();
  return new TaskFailure(
    log ? `${message}\n${log}` : message,
    `on ${host.name}: systemctl status ${name}; journalctl -u ${name}`,
  );
}

function shownState(unit: Unit): string {
  return unit.activeState === 'activating' ? `activating (${unit.subState})` : unit.activeState;
}

function isUp(unit: Unit): boolean {
  return (
    ['active', 'reloading', 'activating'].includes(unit.activeState) &&
    !unit.subState.startsWith('auto-restart')
  );
}

function isDown(unit: Unit): boolean {
  return ['inactive', 'failed'].includes(unit.activeState);
}

function isMasked(unit: Unit): boolean {
  return unit.loadState === 'masked' || unit.unitFileState.startsWith('masked');
}

/** States of units that cannot be enabled or disabled: they have no [Install] of their own. */
const fixedStates = ['static', 'generated', 'transient'];

/** As `systemctl is-enabled` answers; what is enabled until the next boot only, or by another unit, is not. */
function isEnabled({ unitFileState }: Unit): boolean {
  return unitFileState === 'enabled' || fixedStates.includes(unitFileState);
}
