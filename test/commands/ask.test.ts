import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'foobar-ask-'));
const asks = fileURLToPath(new URL('../../src/commands/ask.ts', import.meta.url));

beforeAll(async () => {
  const entry = join(folder, 'entry.ts');
  writeFileSync(
    entry,
    `import { terminal } from ${JSON.stringify(asks)};
const ask = terminal();
if (!ask) console.log('no terminal');
else
  try {
    const name = await ask({ text: 'Name: ', echo: true });
    const word = await ask({ text: 'Word: ', echo: false });
    console.log(\`[\${name}|\${word.length}]\`);
  } catch (error) {
    console.log((error as Error).message);
  }
process.exit();
`,
  );
  const outfile = join(folder, 'entry.mjs');
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm' });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs it with a terminal of its own; each answer is typed when its question is there. */
function typed(answers: Record<string, string>, input = ''): Promise<string> {
  const command = `${process.execPath} ${join(folder, 'entry.mjs')} ${input}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], { env: { ...process.env, TERM: 'xterm' } });
  let shown = '';
  const left = new Map(Object.entries(answers));
  child.stdout.on('data', (chunk) => {
    shown += chunk;
    for (const [question, answer] of left)
      if (stripVTControlCharacters(shown).endsWith(question) && left.delete(question))
        child.stdin.write(answer);
  });
  return new Promise((resolve) => child.on('exit', () => resolve(shown.replaceAll('\r', ''))));
}

describe('a question at the terminal', () => {
  it('shows what is typed only where it may', async () => {
    const shown = await typed({ 'Name: ': 'web\r', 'Word: ': 'hid den\r' });
    // Readline draws the line anew at each key: the question is part of what it draws.
    expect(shown.split('\u001b[0J').slice(1).join('')).toMatch(/^.{0,9}Name: /);
    expect(stripVTControlCharacters(shown)).toMatch(/Name: (?:Name: )?web/);
    expect(shown).toContain('[web|7]');
    expect(shown).not.toContain('hid den');
  });

  it('is put to the terminal though something is piped in', async () => {
    expect(await typed({ 'Name: ': 'web\r', 'Word: ': 'x\r' }, '< /dev/null')).toContain('[web|1]');
  });

  it.each([
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('ends with %s', async (_name, key) => {
    expect(await typed({ 'Name: ': key })).toContain('stopped: the question was not answered');
  });

  it('cannot be put without a terminal', async () => {
    const child = spawn('setsid', [process.execPath, join(folder, 'entry.mjs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let shown = '';
    child.stdout.on('data', (chunk) => {
      shown += chunk;
    });
    await new Promise((resolve) => child.on('exit', resolve));
    expect(shown).toBe('no terminal\n');
  });
});
