import { z } from 'zod';
import { waysOfUnit } from '../host/rollback-ways.ts';
import { state } from './contract.ts';
import { ansibleBoolean, integer, moduleParams, text } from './shared/params.ts';
import { fixUnit, readUnit, type UnitState, unitChanges, unitLeft, unitResult } from './shared/unit.ts';

const params = moduleParams({
  name: z.string().min(1).describe('Name of the service.'),
  state: z
    .enum(['started', 'stopped', 'restarted', 'reloaded'])
    .optional()
    .describe(
      'started and stopped act only when needed. restarted always restarts. reloaded always reloads, and starts what is stopped.',
    ),
  enabled: ansibleBoolean.optional().describe('Whether the service starts on boot.'),
  arguments: text
    .optional()
    .describe('Taken for the sake of existing playbooks: systemd has no use for it.')
    .meta({ aliases: ['args'] }),
  pattern: text.optional().describe('Taken for the sake of existing playbooks: systemd has no use for it.'),
  runlevel: text.optional().describe('Taken for the sake of existing playbooks: systemd has no use for it.'),
  sleep: integer.optional().describe('Taken for the sake of existing playbooks: systemd has no use for it.'),
  use: z.enum(['auto', 'systemd']).default('auto').describe('The service manager; there is systemd only.'),
});

export default state<z.output<typeof params>, UnitState>({
  summary: 'Manage services.',
  params,
  mayClose: ({ name }) => waysOfUnit(name),
  have(want, host, context) {
    for (const name of ['arguments', 'pattern', 'runlevel', 'sleep'] as const)
      if (want[name] !== undefined) context.warn(`Ignoring "${name}" as it is not used in "systemd"`);
    return readUnit(want, host);
  },
  diff: unitChanges,
  fix: fixUnit,
  verify: unitLeft,
  result: unitResult,
});
