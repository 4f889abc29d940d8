import fc from 'fast-check';
import { vi } from 'vitest';

// What a module remembers (secrets, caches) stays in the file that made it remember.
vi.resetModules();

// A run tells of the commit that it tests, and of nothing else. FOOBAR_SEED explores: `random`, or the seed of a failure.
const { FOOBAR_SEED: seed = '1' } = process.env;
fc.configureGlobal({ seed: seed === 'random' ? Math.trunc(Math.random() * 2 ** 31) : Number(seed) });
