import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const scratch = mkdtempSync(join(tmpdir(), 'code-cache-'));
const cache = join(scratch, 'cache');
const kept = join(cache, 'foobar');
const bundle = join(scratch, 'code-cache.cjs');
const program = join(scratch, 'program.cjs');
const rebuilt = join(scratch, 'rebuilt.cjs');

beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL('../src/code-cache.ts', import.meta.url))],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'cjs',
  });
});
beforeEach(() => {
  rmSync(cache, { recursive: true, force: true });
  for (const file of [program, rebuilt])
    writeFileSync(
      file,
      '(function (exports, require, module, __filename) { exports.said = () => `${require("node:path").basename(__filename)} ran`; })',
    );
});
afterAll(() => rmSync(scratch, { recursive: true }));

/** What a process of its own gets from the program, and whether V8 took the kept code. */
function run(env: Record<string, string> = {}, file = program): string {
  const script = `
    const vm = require('node:vm');
    const { Script } = vm;
    let taken = 'compiled';
    vm.Script = class extends Script {
      constructor(source, options) {
        super(source, options);
        if (options.cachedData) taken = this.cachedDataRejected ? 'refused' : 'taken';
      }
    };
    const said = require(${JSON.stringify(bundle)}).requireCached(${JSON.stringify(file)}, 'word', 'said');
    console.log(said, taken);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    env: { ...process.env, XDG_CACHE_HOME: cache, ...env },
  });
  return (stdout + stderr).trim();
}
const keptFile = () => join(kept, readdirSync(kept)[0] as string);

describe('compiled code', () => {
  it('is kept by the first run for the next, where only its user may look', () => {
    expect(run()).toBe('program.cjs ran compiled');
    expect(readdirSync(kept)).toEqual([`word-${process.version}-${process.arch}`]);
    expect(statSync(kept).mode & 0o777).toBe(0o700);
    expect(statSync(keptFile()).mode & 0o777).toBe(0o600);
    expect(run()).toBe('program.cjs ran taken');
  });

  it.each<[string, (code: Buffer) => Buffer]>([
    ['torn', (code) => code.subarray(0, code.length - 100)],
    ['empty', () => Buffer.alloc(0)],
  ])('that is %s is not run, and made anew', (_what, damage) => {
    run();
    writeFileSync(keptFile(), damage(readFileSync(keptFile())));
    expect(run()).toMatch(/ran (compiled|refused)$/);
    expect(run()).toBe('program.cjs ran taken');
  });

  it('of a program that was built anew since is not run', () => {
    run();
    expect(run({}, rebuilt)).toBe('rebuilt.cjs ran compiled');
    expect(run({}, rebuilt)).toBe('rebuilt.cjs ran taken');
  });

  it('in a folder that others can write to is not run', () => {
    run();
    chmodSync(kept, 0o777);
    expect(run()).toBe('program.cjs ran compiled');
    expect(statSync(kept).mode & 0o777).toBe(0o700);
  });

  it('is not kept where the user forbids it, or the folder cannot be made', () => {
    expect(run({ NODE_DISABLE_COMPILE_CACHE: '1' })).toBe('program.cjs ran compiled');
    expect(readdirSync(scratch)).not.toContain('cache');
    writeFileSync(cache, 'a file');
    expect(run()).toBe('program.cjs ran compiled');
  });
});
