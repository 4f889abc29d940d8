import { vi } from 'vitest';

// What a module remembers (secrets, caches) stays in the file that made it remember.
vi.resetModules();
