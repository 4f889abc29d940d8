import { z } from 'zod';
import { state } from './contract.ts';
import { ansibleBoolean, moduleParams } from './shared/params.ts';
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
  use: z.enum(['auto', 'systemd']).default('auto').describe('The service manager; there is systemd only.'),
});

export default state<z.output<typeof params>, UnitState>({
  summary: 'Manage services.',
  params,
  have: readUnit,
  diff: unitChanges,
  fix: fixUnit,
  verify: unitLeft,
  result: unitResult,
});
