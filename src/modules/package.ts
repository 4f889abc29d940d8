import { z } from 'zod';
import { state } from './contract.ts';
import { type AptState, aptChanges, fixApt, readApt } from './shared/apt.ts';
import { type AptParams, aptParams, aptRules, aptWish } from './shared/apt-params.ts';
import { withAliases } from './shared/params.ts';

const params = withAliases(
  aptRules(
    z.strictObject({
      ...aptParams,
      use: z
        .enum(['auto', 'apt', 'ansible.builtin.apt', 'ansible.legacy.apt'])
        .default('auto')
        .describe('The package manager; there is apt only.'),
    }),
  ),
);

export default state<AptParams, AptState>({
  summary: 'Manage packages with the package manager of the host: apt, whose parameters it takes too.',
  params,
  have: (want, host) => readApt(aptWish(want), host),
  diff: (want, have) => aptChanges(aptWish(want), have),
  fix: (list, want, have, host) => fixApt(list, aptWish(want), have, host),
});
