import { describe, expect, it } from 'vitest';
import module from '../../src/modules/apt.ts';
import { type AptState, aptChanges } from '../../src/modules/shared/apt.ts';
import { aptWish } from '../../src/modules/shared/apt-params.ts';
import { aptScript } from '../../src/modules/shared/apt-script.ts';
import { shown } from './harness.ts';

const nothing: AptState = { items: [], upgrades: [], unneeded: [], lists: undefined };
const tool = { name: 'labtool', from: 'absent', to: '1.0' };

describe('what apt-get is told', () => {
  const cases: [{ apt: Record<string, unknown> }, string][] = [
    [{ apt: { allow_unauthenticated: true } }, 'install --allow-unauthenticated -- x'],
    [{ apt: { allow_downgrade: true } }, 'install --allow-downgrades -- x'],
    [{ apt: { allow_change_held_packages: true } }, 'install --allow-change-held-packages -- x'],
    [{ apt: { only_upgrade: true } }, 'install --only-upgrade -- x'],
    [{ apt: { fail_on_autoremove: true } }, 'install --no-remove -- x'],
    [{ apt: { state: 'fixed' } }, 'install --fix-broken -- x'],
    [
      { apt: { force: true } },
      'install --allow-unauthenticated --allow-downgrades --allow-change-held-packages -- x',
    ],
    [{ apt: { dpkg_options: 'force-confnew,force-overwrite' } }, '-o Dpkg::Options::=--force-overwrite'],
    [{ apt: { policy_rc_d: 101 } }, "printf '#!/bin/sh\\n# of one apt run\\nexit %s\\n' 101"],
    [{ apt: { autoremove: true, purge: true } }, '--purge autoremove'],
    // There is no Python, and the lists are tried for in foobar's own way.
    [
      { apt: { auto_install_module_deps: false, update_cache_retries: 1, update_cache_retry_max_delay: 1 } },
      'install  -- x',
    ],
  ];
  it.each(cases)('%j', ({ apt }, expected) => {
    const want = aptWish(module.params.parse({ name: 'x', ...apt }));
    expect(aptScript({ update: 'never', install: ['x'] }, want).text).toContain(expected);
  });

  it.each([
    [{ apt: { clean: true } }, 'fetched packages there -> deleted'],
    [{ apt: { autoclean: true } }, 'old fetched packages there -> deleted'],
  ])('%j', ({ apt }, expected) => {
    expect(shown(aptChanges(aptWish(module.params.parse(apt)), nothing))).toEqual([expected]);
  });
});

describe('what differs', () => {
  it('is what a package is built with', () => {
    const want = aptWish(module.params.parse({ name: 'labthing', state: 'build-dep' }));
    expect(shown(aptChanges(want, { ...nothing, upgrades: [tool] }))).toEqual(['labtool absent -> 1.0']);
    expect(aptChanges(want, nothing)).toEqual([]);
    expect(aptScript({ update: 'never', buildDepends: ['labthing'] }, want).text).toMatch(
      /build-dep +-- labthing/,
    );
  });
});
