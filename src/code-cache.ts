import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { constants, Script } from 'node:vm';

/** Seconds that a process may have run for its compiled code to be kept: later V8 has thrown away what only the start used. */
const young = 20;
const digestBytes = 32;

let loaded: unknown;

/**
 * Runs a CommonJS file as require() does, once, with the code that V8 compiled in an earlier run under this name (a
 * command's: each uses other functions). It is kept in `foobar/` of the user's cache folder; NODE_DISABLE_COMPILE_CACHE,
 * Node's own word, turns that off. The file's name must change with its text. V8 refuses code of another version or
 * with other flags, the digest shows what is torn.
 */
export function requireCached(file: string, name: string): unknown {
  loaded ??= run(file, keptCode(basename(file), name));
  return loaded;
}

function run(file: string, kept: ReturnType<typeof keptCode>): unknown {
  const cachedData = kept?.read();
  const words = 'exports, require, module, __filename, __dirname';
  const script = new Script(`(function (${words}) {${readFileSync(file, 'utf8')}\n})`, {
    filename: file,
    ...(cachedData && { cachedData }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  if (kept && (!cachedData || script.cachedDataRejected))
    process.once('exit', () => {
      if (process.uptime() < young) kept.write(script.createCachedData());
    });
  const module = { exports: {} as unknown };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  return module.exports;
}

function keptCode(source: string, name: string) {
  if (process.env.NODE_DISABLE_COMPILE_CACHE) return undefined;
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'foobar');
  const path = join(folder, `${name}-${process.version}-${process.arch}`);
  const digest = (code: Buffer) => createHash('sha256').update(source).update(code).digest();
  return {
    read(): Buffer | undefined {
      try {
        // It is run: only what this user wrote, where nobody else can write.
        const { uid, mode } = statSync(folder);
        if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return undefined;
        const content = readFileSync(path);
        const code = content.subarray(digestBytes);
        return digest(code).equals(content.subarray(0, digestBytes)) ? code : undefined;
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
        writeFileSync(part, Buffer.concat([digest(code), code]), { mode: 0o600, flag: 'wx' });
        renameSync(part, path);
      } catch {
        // A home that cannot be written to is no reason to fail: the next start takes as long as this one.
      }
    },
  };
}
