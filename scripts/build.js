#!/usr/bin/env node
// Builds everything that foobar ships: dist/ from src/, and the sample site as one file beside the playbooks.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
rmSync('dist', { recursive: true, force: true });

const types = spawnSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
if (types.status !== 0) process.exit(types.status ?? 1);
if (existsSync('dist/cli.js')) chmodSync('dist/cli.js', 0o755);

await build({
  entryPoints: ['site/main.ts'],
  outfile: 'playbooks/files/site/server.mjs',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  legalComments: 'eof',
  logLevel: 'warning',
  // mysql2 is CommonJS and requires Node's own modules, which an ES module can only do with a `require` of its own.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
});
