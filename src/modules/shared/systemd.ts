import { z } from 'zod';
import { waysOfUnit } from '../../host/rollback-ways.ts';
import { state } from '../contract.ts';
import { ansibleBoolean, withAliases } from './params.ts';
import { fixUnit, readUnit, type UnitState, unitChanges, unitLeft, unitResult } from './unit.ts';

const params = withAliases(
  z
    .strictObject({
      name: z
        .string()
        .min(1)
        .optional()
        .describe('Name of the unit; .service may be left out.')
        .meta({ aliases: ['service', 'unit'] }),
      state: z
        .enum(['started', 'stopped', 'restarted', 'reloaded'])
        .optional()
        .describe(
          'started and stopped act only when needed. restarted always restarts. reloaded always reloads, and starts what is stopped.',
        ),
      enabled: ansibleBoolean.optional().describe('Whether the unit starts on boot.'),
      masked: ansibleBoolean.optional().describe('Whether the unit is masked: a masked unit cannot start.'),
      daemon_reload: ansibleBoolean
        .default(false)
        .describe(
          'Let systemd read changed unit files again. Before a start or restart of a changed unit this is done in any case.',
        )
        .meta({ aliases: ['daemon-reload'] }),
      daemon_reexec: ansibleBoolean
        .default(false)
        .describe('Let systemd execute itself again.')
        .meta({ aliases: ['daemon-reexec'] }),
      no_block: ansibleBoolean.default(false).describe('Do not wait until the unit has started or stopped.'),
      force: ansibleBoolean
        .default(false)
        .describe('Overwrite links that are there when enabling or masking.'),
      scope: z
        .enum(['system', 'user', 'global'])
        .default('system')
        .describe('The service manager: that of the system, of the user of the task, or what all users get.'),
    })
    .refine((want) => !/[*?[]/.test(want.name ?? ''), {
      error: 'patterns are not supported: give the name of one unit',
      path: ['name'],
    })
    .refine((want) => want.scope !== 'global' || want.state === undefined, {
      error: 'nothing runs in the scope global: give enabled or masked',
      path: ['state'],
    })
    .refine(
      (want) =>
        want.name !== undefined || [want.state, want.enabled, want.masked].every((x) => x === undefined),
      {
        error: 'state, enabled and masked need name',
        path: ['name'],
      },
    )
    .refine((want) => !(want.masked && (want.state === 'started' || want.state === 'restarted')), {
      error: 'a masked unit cannot be started',
      path: ['masked'],
    }),
);

/** The modules systemd and systemd_service, which are one. */
export const systemd = state<z.output<typeof params>, UnitState>({
  summary: 'Manage systemd units.',
  params,
  mayClose: ({ name }) => (name === undefined ? [] : waysOfUnit(name)),
  have: readUnit,
  diff: unitChanges,
  fix: fixUnit,
  verify: unitLeft,
  result: unitResult,
});
