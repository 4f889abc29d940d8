import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Query } from '../../src/host/contract.ts';
import type { LiveHost, Question } from '../../src/host/live-host.ts';
import { openLocalHost } from '../../src/host/local.ts';
import { contents } from '../../src/host/queries/contents.ts';
import { kindOf } from '../../src/host/queries/kind.ts';
import { nameExists } from '../../src/host/queries/names.ts';
import { sha256 } from '../../src/host/queries/sha256.ts';
import { stat } from '../../src/host/queries/stat.ts';
import { rawShell, sh } from '../../src/host/sh.ts';
import { stillSo, Train } from '../../src/host/train.ts';

let host: LiveHost & { close(): Promise<void> };
let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  host = (await openLocalHost()) as unknown as typeof host;
});
afterAll(() => host.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'train-'));
  writeFileSync(at('file'), 'one');
  writeFileSync(at("it's\n*"), 'odd');
  mkdirSync(at('folder'));
  symlinkSync('file', at('link'));
  return () => rmSync(folder, { recursive: true });
});

const ask = <A, R>(query: Query<A, R>, ...args: A[]) => {
  const questions: (Question | undefined)[] = [];
  const noting = host.noting(questions);
  return Promise.all(args.map((arg) => noting.ask(query, arg))).then(() => questions);
};
const holds = async (questions: readonly (Question | undefined)[]) => {
  const { code } = await host.look(stillSo(questions) ?? rawShell('exit 9'), { expect: 'any' });
  return code === 0;
};

describe('what was answered', () => {
  const all = async () => {
    host.forget();
    const paths = ['file', "it's\n*", 'folder', 'link', 'none', 'none/below'].map(at);
    return [
      await ask(stat, ...paths.flatMap((path) => [{ path }, { path, follow: true }])),
      await ask(sha256, ...paths),
      await ask(contents, ...paths),
      await ask(kindOf, ...paths),
      await ask(nameExists, { database: 'passwd' as const, name: 'root' }),
    ].flat();
  };

  it('still holds when nothing happened but looking, and files came into a directory', async () => {
    const questions = await all();
    await host.look(sh`cat ${at('file')}`);
    writeFileSync(at('folder/new'), '');
    expect(await holds(questions)).toBe(true);
  });

  it.each<[string, () => void]>([
    ['a file was written', () => writeFileSync(at('file'), 'two')],
    ['a file grew', () => appendFileSync(at("it's\n*"), 'x')],
    ['a mode changed', () => chmodSync(at('file'), 0o600)],
    ['the mode of a directory changed', () => chmodSync(at('folder'), 0o700)],
    ['a file came', () => writeFileSync(at('none'), '')],
    ['a link that leads nowhere came', () => symlinkSync('nowhere', at('none'))],
    ['a directory went', () => rmSync(at('folder'), { recursive: true })],
    [
      'a link leads elsewhere',
      () => {
        rmSync(at('link'));
        symlinkSync('folder', at('link'));
      },
    ],
  ])('does not when %s', async (_what, change) => {
    const questions = await all();
    change();
    expect(await holds(questions)).toBe(false);
  });

  it('cannot be asked again when it was no such question', async () => {
    const questions: (Question | undefined)[] = [];
    await host.noting(questions).look(sh`true`);
    expect(stillSo(questions)).toBeUndefined();
    expect(stillSo(await ask(nameExists, { database: 'passwd', name: 'no-such-user' }))).toBeUndefined();
  });
});

describe('a train', () => {
  const yes = sh`true`;
  const go = async (first: string, ...others: { condition?: string; command: string }[]) => {
    const train = new Train();
    const led = train.lead(host).run(rawShell(first), { expect: 'any' });
    const coupled = others.map(({ condition, command }) => {
      const { host: behind, made } = train.couple(
        host,
        condition === undefined ? yes : rawShell(condition),
        sh`touch ${at('noted')}`,
      );
      return {
        made,
        ran: behind.run(rawShell(command)).then(
          ({ stdout }) => stdout,
          (error: Error) => error.message,
        ),
      };
    });
    await led;
    return Promise.all(coupled.map(async ({ made, ran }) => ((await made) ? await ran : 'not made')));
  };

  it('makes one change after the other, and notes what is to be noted before each', async () => {
    expect(await go('true', { command: 'echo one' }, { command: 'printf two' })).toEqual(['one\n', 'two']);
    expect(existsSync(at('noted'))).toBe(true);
  });

  it('ends with one that fails, whose failure is told', async () => {
    const ends = await go('true', { command: 'echo no >&2; exit 3' }, { command: 'echo two' });
    expect(ends).toEqual([expect.stringContaining('exit code 3\nno'), 'not made']);
    expect(await go('exit 1', { command: 'echo one' })).toEqual(['not made']);
  });

  it('ends before one whose condition does not hold, with nothing noted', async () => {
    expect(
      await go('true', { condition: 'false || false', command: 'echo one' }, { command: 'echo two' }),
    ).toEqual(['not made', 'not made']);
    expect(existsSync(at('noted'))).toBe(false);
  });

  it('does not form when the first change was none, or more than one step', async () => {
    const train = new Train();
    train.lead(host);
    expect(
      await train
        .couple(host, yes, undefined)
        .host.run(sh`true`)
        .catch(() => 'refused'),
    ).toBe('refused');
    const twice = new Train();
    const led = twice.lead(host);
    const steps = [led.run(sh`true`), led.run(sh`true`)];
    const { host: behind, made } = twice.couple(host, yes, undefined);
    await expect(behind.run(sh`true`)).rejects.toThrow();
    expect(await made).toBe(false);
    await Promise.all(steps);
  });
});
