import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { constants, Script } from 'node:vm';
import { optimizeAsUsual, optimizeLater } from './optimizing.ts';

/** Seconds that a process may have run for its compiled code to be kept: later V8 has thrown away what only the start used. */
const young = 20;

type Parts = Record<string, () => unknown>;

let loaded: Parts | undefined;

/**
 * Loads a part of a CommonJS file that exports its parts, run once as require() does, with the code that V8 compiled in
 * an earlier run under this name (a command's: each uses other functions). It is kept in `foobar/` of the user's cache
 * folder; NODE_DISABLE_COMPILE_CACHE, Node's own word, turns that off. The file holds one function in ASCII; its name
 * changes with its text. V8 itself refuses code of another version, with other flags, or that is torn.
 */
export function requireCached(file: string, name: string, part: string): unknown {
  const before = loaded;
  loaded ??= run(file, keptCode(basename(file), name));
  const result = loaded[part]?.();
  if (!before) optimizeLater();
  return result;
}

function run(file: string, kept: ReturnType<typeof keptCode>): Parts {
  const cachedData = kept?.read();
  // One byte a character: reading UTF-8 takes three times as long.
  const script = new Script(readFileSync(file, 'latin1'), {
    filename: file,
    ...(cachedData && { cachedData }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  if (kept && (!cachedData || script.cachedDataRejected))
    process.once('exit', () => {
      optimizeAsUsual();
      if (process.uptime() < young) kept.write(script.createCachedData());
    });
  const module = { exports: {} as Parts };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  return module.exports;
}

function keptCode(source: string, name: string) {
  if (process.env.NODE_DISABLE_COMPILE_CACHE) return undefined;
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'foobar');
  const path = join(folder, `${name}-${process.version}-${process.arch}`);
  const mark = Buffer.from(`${source}\n`);
  return {
    read(): Buffer | undefined {
      try {
        // It is run: only what this user wrote, where nobody else can write.
        const { uid, mode } = statSync(folder);
        if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return undefined;
        const content = readFileSync(path);
        return content.subarray(0, mark.length).equals(mark) ? content.subarray(mark.length) : undefined;
      } catch {
        return undefined;
      }
    },
    write(code: Buffer): void {
      const part = `${path}.${process.pid}`;
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        if (statSync(folder).uid !== process.getuid?.()) return;
        chmodSync(folder, 0o700);
        const content = Buffer.concat([mark, code]);
        writeFileSync(part, content, { mode: 0o600, flag: 'wx', flush: true });
        renameSync(part, path);
      } catch {
        // A home that cannot be written to is no reason to fail: the next start takes as long as this one.
      }
    },
  };
}
