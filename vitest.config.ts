import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** These files share hosts: the first takes them from bare to the whole site, the next look at it and break it. */
const shared = [
  'first-run',
  'settled',
  'certificates',
  'monitoring',
  'failures',
  'rolling',
  'rebuild',
  'promote',
  'backup',
];
/** All others have hosts of their own. What takes longest begins. */
const labOrder = [...shared, 'differential'];
const sharing = shared.map((name) => `test/lab/${name}.test.ts`);

class Sequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project, moduleId }: TestSpecification): number => {
      const index = labOrder.indexOf(basename(moduleId, '.test.ts'));
      return project.name.startsWith('lab') ? (index < 0 ? labOrder.length : index) : -1;
    };
    return (await super.sort(files)).sort((left, right) => place(left) - place(right));
  }
}

const lab = {
  fileParallelism: false,
  sequence: { groupOrder: 1 },
  testTimeout: 1_800_000,
  hookTimeout: 1_800_000,
  globalSetup: ['test/lab/setup.ts'],
};

export default defineConfig({
  test: {
    // Many tests wait for programs that they started.
    maxWorkers: Math.max(4, availableParallelism()),
    sequence: { sequencer: Sequencer },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/lab/**'],
          // Files share processes, so that packages are loaded once; the setup gives each file modules of its own.
          isolate: false,
          // Against hanging; a busy machine takes its time to start programs.
          testTimeout: 240_000,
          hookTimeout: 240_000,
          setupFiles: ['test/setup.ts'],
          sequence: { groupOrder: 0 },
        },
      },
      { test: { ...lab, name: 'lab', include: sharing } },
      {
        test: {
          ...lab,
          name: 'lab-apart',
          include: ['test/lab/**/*.test.ts'],
          exclude: sharing,
          env: { FOOBAR_TEST_FOLDER: 'test-apart' },
        },
      },
    ],
  },
});
