import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { createReporter } from '../../src/reporters/reporter.ts';
import { undisturbed } from '../../src/terminal.ts';

it('stands still while somebody is asked, and goes on below the question', async () => {
  const stream = new PassThrough() as unknown as NodeJS.WriteStream;
  Object.assign(stream, { isTTY: true, columns: 80 });
  let written = '';
  stream.on('data', (chunk) => {
    written += chunk;
  });
  const reporter = createReporter({ output: 'live', verbosity: 0, diff: false, stream });
  const at = '2026-08-01T00:00:00.000Z';
  reporter.emit({ event: 'start', playbook: 'p', inventory: 'i', hosts: ['server1'], mode: 'apply', at });
  await vi.waitUntil(() => written.includes('server1'), { timeout: 120_000, interval: 20 });

  const asked = await undisturbed(async () => {
    const before = written.length;
    stream.write('Passphrase: ');
    await sleep(400);
    stream.write('\n');
    return written.slice(before);
  });
  expect(asked).toBe('Passphrase: \n');

  const below = written.slice(written.indexOf(asked) + asked.length);
  expect(below).toContain('server1');
  // It erases nothing: what stands above is none of its own any more.
  expect(below.slice(0, below.indexOf('server1'))).not.toContain('\x1b[1A');
  stream.write('noise');
  expect(written).not.toContain('noise');
  reporter.emit({ event: 'recap', hosts: {}, seconds: 1 });
  await reporter.close();
});

it('asks one question after the other', async () => {
  const said: string[] = [];
  const ask = (name: string) =>
    undisturbed(async () => {
      said.push(`${name}?`);
      await sleep(10);
      said.push(name);
    });
  await Promise.all([ask('a'), ask('b')]);
  expect(said).toEqual(['a?', 'a', 'b?', 'b']);
});
