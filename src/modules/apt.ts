import { z } from 'zod';
import { state } from './contract.ts';
import { type AptState, aptChanges, fixApt, readApt } from './shared/apt.ts';
import { type AptParams, aptParams, aptRules, aptWish } from './shared/apt-params.ts';
import { withAliases } from './shared/params.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

const params = withAliases(aptRules(z.strictObject(aptParams)));

export default state<AptParams, AptState>({
  summary: 'Manage packages with apt.',
  params,
  have: (want, host) => readApt(aptWish(want), host),
  diff: (want, have) => aptChanges(aptWish(want), have),
  async fix(list, want, have, host) {
    await fixApt(list, aptWish(want), have, host);
    rememberFor(want, { cache_updated: list.some((change) => change.what === 'package lists') });
  },

  verify(want, _before, after) {
    // Right after an update lists count as new, whatever cache_valid_time says; cleaning up shows nothing.
    const { cache_valid_time, ...given } = aptWish(want);
    return aptChanges(
      { ...given, cache_valid_time: Math.max(cache_valid_time, 600), clean: false, autoclean: false },
      after,
    );
  },

  happened: (_want, before, after) =>
    before.items.some((item, index) => item.have?.version !== after.items[index]?.have?.version),

  result: (want, { lists }) => ({
    cache_updated: false,
    ...(lists ? { cache_update_time: lists.updated } : {}),
    ...rememberedFor(want),
  }),
});
