import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Many tests wait for programs that they started.
    maxWorkers: Math.max(4, availableParallelism()),
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/lab/**'],
          // Files share processes, so that packages are loaded once; the setup gives each file modules of its own.
          isolate: false,
          // Against hanging; a busy machine takes its time to start programs.
          testTimeout: 30_000,
          hookTimeout: 30_000,
          setupFiles: ['test/setup.ts'],
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 900_000,
          globalSetup: ['test/lab/setup.ts'],
        },
      },
    ],
  },
});
