import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { expect, it } from 'vitest';

/** V8 takes kept code only under the measure under which it was kept. */
it('has another measure while a run is short, and V8’s own again', () => {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL('../src/optimizing.ts', import.meta.url))],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    footer: {
      js: `
        const { Script } = require('node:vm');
        const source = 'function twice(x) { return 2 * x } twice(1)';
        const kept = new Script(source).createCachedData();
        // V8 itself remembers by name what it compiled.
        let name = 0;
        const refused = () => new Script(source, { filename: String(name++), cachedData: kept }).cachedDataRejected;
        const before = refused();
        module.exports.optimizeLater();
        const meanwhile = refused();
        module.exports.optimizeAsUsual();
        console.log(JSON.stringify([before, meanwhile, refused()]));`,
    },
  });
  const said = execFileSync(process.execPath, ['-'], { input: outputFiles[0]?.text, encoding: 'utf8' });
  const known = ['20', '22'].includes(process.versions.node.split('.')[0] as string);
  expect(JSON.parse(said)).toEqual([false, known, false]);
});
