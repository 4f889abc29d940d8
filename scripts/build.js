#!/usr/bin/env node
// Builds everything that foobar ships: dist/ from src/, and the sample site as one file beside the playbooks.
// Another folder than dist/ may be named.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = resolve(process.argv[2] ?? fileURLToPath(new URL('../dist', import.meta.url)));
process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const source = resolve('src');

/** CommonJS, which starts faster than ES modules and of which V8 gives the compiled code; names are kept for stack traces. */
const program = {
  absWorkingDir: process.cwd(),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  define: { 'import.meta.url': 'here' },
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 160,
  legalComments: 'none',
  external: ['cpu-features'],
  logLevel: 'warning',
};

const here = "const here=require('node:url').pathToFileURL(__filename).href;";

/** The names of the modules are the files of a folder, which a bundle does not have. */
const registry = {
  name: 'registry',
  setup(build) {
    const folder = join(source, 'modules');
    build.onLoad({ filter: /src\/modules\/registry\.ts$/ }, () => {
      const names = readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isFile() && !['contract.ts', 'registry.ts'].includes(entry.name))
        .map((entry) => entry.name.replace(/\.ts$/, ''))
        .sort();
      return {
        resolveDir: folder,
        contents: `
          const modules = { ${names.map((name) => `${name}: () => import('./${name}.ts')`)} };
          export const moduleNames = () => Object.keys(modules);
          export async function loadModule(name) {
            if (!Object.hasOwn(modules, name)) throw new Error('there is no module ' + name);
            return (await modules[name]()).default;
          }`,
      };
    });
  },
};

/** ssh2 is bundled, but not its compiled part, which npm builds on the machine where it can. */
const compiledCiphers = {
  name: 'compiled ciphers',
  setup(build) {
    build.onResolve({ filter: /sshcrypto\.node$/ }, () => ({
      path: 'ssh2/lib/protocol/crypto/build/Release/sshcrypto.node',
      external: true,
    }));
  },
};

/** zod exports its messages in 63 languages, which a tenth of the reading of the bundle went to. */
const onlyEnglish = {
  name: 'only English',
  setup(build) {
    build.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/** What the command line imports at its turn is in the other file, which is asked for by name. */
const atItsTurn = (file) => ({
  name: 'at its turn',
  setup(build) {
    build.onResolve({ filter: /\.ts$/ }, ({ kind, path, resolveDir }) =>
      kind === 'dynamic-import'
        ? { path: relative(source, join(resolveDir, path)), namespace: 'at its turn' }
        : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'at its turn' }, ({ path }) => ({
      resolveDir: source,
      contents: `
        const { requireCached } = require('./code-cache.ts');
        module.exports = requireCached(__dirname + '/${file}', '${basename(path, '.ts')}', '${path}');`,
    }));
  },
});

/** The licences of all packages that are in the bundles ask to be passed on with them. */
function licences(inputs) {
  const folders = new Set(
    inputs.map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]).filter(Boolean),
  );
  const text = (folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    const terms = file === undefined ? `${license}\n` : readFileSync(join(folder, file), 'utf8');
    return `${name} ${version}\n\n${terms}`;
  };
  return [...folders]
    .sort()
    .map(text)
    .join(`\n${'-'.repeat(80)}\n\n`);
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const later = ['failure.ts', ...readdirSync(join(source, 'commands')).map((name) => `commands/${name}`)];
const commands = await build({
  ...program,
  stdin: {
    contents: later.map((path) => `exports['${path}'] = () => require('./${path}');`).join('\n'),
    resolveDir: source,
  },
  outdir: dist,
  entryNames: 'commands-[hash]',
  // As require() wraps it.
  banner: { js: `(function(exports,require,module,__filename,__dirname){${here}` },
  footer: { js: '})' },
  plugins: [registry, compiledCiphers, onlyEnglish],
  metafile: true,
});
const [file] = Object.keys(commands.metafile.outputs);
if (/[^\0-\x7f]/.test(readFileSync(file, 'utf8')))
  throw new Error(`${file} is not ASCII: write it as \\u....`);
const cli = await build({
  ...program,
  entryPoints: ['src/cli.ts'],
  banner: { js: here },
  outfile: join(dist, 'cli.js'),
  plugins: [atItsTurn(basename(file))],
  metafile: true,
});
chmodSync(join(dist, 'cli.js'), 0o755);
writeFileSync(join(dist, 'package.json'), '{ "type": "commonjs" }\n');
const inputs = [commands, cli].flatMap(({ metafile }) => Object.keys(metafile.inputs));
writeFileSync(join(dist, 'LICENSES.txt'), licences(inputs));

await build({
  absWorkingDir: process.cwd(),
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
