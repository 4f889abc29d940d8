import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandError, TransportError } from '../../src/errors.ts';
import type { Host, Query } from '../../src/host/contract.ts';
import { frameLoop } from '../../src/host/frames.ts';
import { LiveHost } from '../../src/host/live-host.ts';
import { openLocalHost } from '../../src/host/local.ts';
import { localConnection } from '../../src/host/local-connection.ts';
import { quote, rawShell, sh } from '../../src/host/sh.ts';
import { Shell } from '../../src/host/shell.ts';

let host: Host & { close(): Promise<void> };
let directory: string;
beforeAll(async () => {
  host = await openLocalHost();
  directory = await mkdtemp(join(tmpdir(), 'foobar-host-'));
});
afterAll(async () => {
  await host.close();
  await rm(directory, { recursive: true });
});

let scripts = 0;
const shout: Query<string, string> = {
  name: 'shout',
  key: (word) => word,
  script: (words) => {
    scripts += 1;
    return sh`printf '%s\n' ${words} | tr a-z A-Z`;
  },
  parse: (stdout, words) => stdout.toString().split('\n').slice(0, words.length),
};

describe('a host over one shell', () => {
  it('answers all questions of a tick with one script and remembers them until a write', async () => {
    scripts = 0;
    expect(await Promise.all(['a', "b's", 'a'].map((word) => host.ask(shout, word)))).toEqual([
      'A',
      "B'S",
      'A',
    ]);
    expect(scripts).toBe(1);
    await host.ask(shout, 'a');
    expect(scripts).toBe(1);
    await host.run(sh`true`);
    await host.ask(shout, 'a');
    expect(scripts).toBe(2);
  });

  it('keeps the order of reads and writes of one tick', async () => {
    const file = join(directory, 'order');
    const results = await Promise.all([
      host.look(sh`cat ${file}`, { expect: 'any' }),
      host.run(sh`echo one >${file}`),
      host.look(sh`cat ${file}`),
      host.run(sh`echo two >${file}`),
      host.look(sh`cat ${file}`),
    ]);
    expect(results.map((result) => result.stdout)).toEqual(['', '', 'one\n', '', 'two\n']);
    expect(results[0]?.code).toBe(1);
  });

  it('separates both streams, keeps binary output and codes, with or without a last newline', async () => {
    const output = await host.run(rawShell("printf 'out'; printf 'err\\n\\n' >&2; exit 3"), { expect: [3] });
    expect(output).toEqual({ code: 3, stdout: 'out', stderr: 'err\n\n' });
    await expect(host.run(sh`sh -c ${'echo bad >&2; exit 7'}`)).rejects.toThrow(CommandError);
  });

  it.each([
    ['text', 'line\n'],
    ['no last newline', 'line'],
    ['empty', ''],
    ['quotes', `it's "$HOME" \`id\` \\n %s\n\n`],
    ['binary', Buffer.from([0, 1, 255, 10, 0, 39])],
    ['large', 'x'.repeat(3_000_000)],
  ])('writes files byte for byte: %s', async (name, content) => {
    const file = join(directory, name);
    await host.write(file, content, { mode: 0o640 });
    expect((await readFile(file)).equals(Buffer.from(content))).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o640);
  });

  it('clears away what was left of the same file where the power went in the middle, and nothing else', async () => {
    const folder = join(directory, 'power');
    await mkdir(folder);
    const validate = 'cp %s %s.kept';
    await host.write(join(folder, 'file'), 'old', { validate });
    const [left] = (await readdir(folder)).filter((name) => name.startsWith('.foobar.'));
    await host.write(join(folder, 'other'), 'new');
    expect((await readdir(folder)).sort()).toEqual([left, 'file', 'other']);
    await host.write(join(folder, 'file'), 'new');
    expect((await readdir(folder)).sort()).toEqual(['file', 'other']);
  });

  it('leaves the old file and nothing else when the new one does not validate', async () => {
    const file = join(directory, 'validated');
    await writeFile(file, 'old');
    await expect(host.write(file, 'new', { validate: 'grep -q old %s' })).rejects.toThrow('exit code 1');
    await expect(host.write(file, 'new', { validate: 'cat %s >/dev/full' })).rejects.toThrow(
      `${file} cannot be written: the file system there is full, or has errors (cat: write error: No space`,
    );
    expect(await readFile(file, 'utf8')).toBe('old');
    expect((await host.look(sh`ls -A ${directory}`)).stdout).not.toContain('.foobar');
  });

  it('gives standard input, directory, environment and a time limit to a command', async () => {
    const output = await host.run(sh`cat; pwd; echo "$WHO"`, {
      stdin: 'in\n',
      directory: '/',
      environment: { WHO: "o'me" },
    });
    expect(output.stdout).toBe("in\n/\no'me\n");
    await expect(host.run(sh`sleep 5`, { timeout: 0.1 })).rejects.toThrow('not done within 0.1 s');
  });

  it('says that the outcome is unknown when the shell dies under a step', async () => {
    const doomed = await openLocalHost();
    await expect(doomed.run(sh`kill -9 $PPID; kill -9 $$; sleep 1`)).rejects.toThrow(TransportError);
    await expect(doomed.run(sh`true`)).rejects.toThrow(TransportError);
  });
});

describe('a command', () => {
  it('shows the lines of both streams while it runs, when that is asked for', async () => {
    const lines: string[] = [];
    let begun = (): void => {};
    const first = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const told = await openLocalHost({
      output: (line) => {
        lines.push(line);
        begun();
      },
    });
    const gate = join(directory, 'gate');
    const work = sh`echo one; until [ -e ${gate} ]; do sleep 0.05; done; echo two >&2; printf three`;
    const running = told.run(work, { shown: true });
    await first;
    expect(lines).toEqual(['one']);
    await writeFile(gate, '');
    expect(await running).toEqual({ code: 0, stdout: 'one\nthree', stderr: 'two\n' });
    expect(lines.slice(1).sort()).toEqual(['three', 'two']);
    await told.run(sh`echo silent`);
    expect(lines).toHaveLength(3);
    await told.close();
  });
});

describe('a job', () => {
  it('streams its output, returns it whole, and runs once for two who ask', async () => {
    const [count, gate] = [join(directory, 'count'), join(directory, 'both')];
    const watching = async () => {
      const lines: string[] = [];
      return { lines, host: await openLocalHost({ output: (line) => lines.push(line) }) };
    };
    const [one, two] = await Promise.all([watching(), watching()]);
    const work = sh`echo started; echo x >>${count}; echo wrong >&2; until [ -e ${gate} ]; do sleep 0.05; done; echo done; exit 4`;
    const ended = Promise.all([one, two].map(({ host }) => host.job('test job', work, { expect: [4] })));
    for (const { lines } of [one, two])
      await expect.poll(() => lines, { timeout: 120_000 }).toEqual(['started']);
    await writeFile(gate, '');
    const output = { code: 4, stdout: 'started\ndone\n', stderr: 'wrong\n' };
    expect(await ended).toEqual([output, output]);
    for (const { lines } of [one, two])
      expect(['started', 'done', 'wrong']).toEqual(expect.arrayContaining(lines));
    expect(await readFile(count, 'utf8')).toBe('x\n');
    await one.host.close();
    await two.host.close();
  });
});

describe('questions and writes of one host', () => {
  it('are told apart when one cannot be put', async () => {
    const unspeakable = { ...shout, name: 'unspeakable' };
    const answers = await Promise.allSettled([host.ask(unspeakable, 'a\0b'), host.ask(shout, 'beside')]);
    expect(answers.map((answer) => answer.status)).toEqual(['rejected', 'fulfilled']);
  });

  it('fail alone when one cannot be answered', async () => {
    const whole: Query<string, string> = {
      name: 'whole',
      key: (name) => name,
      script: (names) => sh`cat -- ${names}`,
      parse: (stdout, names) => names.map(() => stdout.toString()),
    };
    await host.write(`${directory}/whole`, 'there');
    const [here, nowhere] = await Promise.allSettled([
      host.ask(whole, `${directory}/whole`),
      host.ask(whole, `${directory}/nowhere`),
    ]);
    expect(here).toMatchObject({ value: 'there' });
    expect(nowhere).toMatchObject({ reason: expect.objectContaining({ code: 1 }) });
  });

  it('are asked once, whatever environment asks', async () => {
    const named = (host as unknown as LiveHost).withEnvironment({ NAME: 'x' });
    scripts = 0;
    await Promise.all([host.ask(shout, 'p'), named.ask(shout, 'q'), host.ask(shout, 'r')]);
    await named.ask(shout, 'p');
    expect(scripts).toBe(1);
  });

  it('have the environment of who asks, as writes have', async () => {
    const named = (host as unknown as LiveHost).withEnvironment({ NAME: 'x' });
    const said = [
      named.look(sh`echo "$NAME"`),
      named.run(sh`echo "$NAME"`),
      named.job('named', sh`echo "$NAME"`),
    ];
    expect((await Promise.all(said)).map(({ stdout }) => stdout)).toEqual(['x\n', 'x\n', 'x\n']);
  });

  it('wait for what another identity is writing', async () => {
    const shared = { epoch: 0, wrote: 0, writes: new Set<never>() };
    const [writer, reader] = await Promise.all(
      ['writer', 'reader'].map(async (name) => {
        const channel = await localConnection().exec(`sh -c ${quote(frameLoop)}`);
        const shell = new Shell(name, channel, new Promise(() => {}));
        const surroundings = { open: async () => shell, peer: () => host, output: () => {}, readOnly: false };
        return Object.assign(new LiveHost(name, shared, surroundings), { close: () => shell.close() });
      }),
    );
    const file = join(directory, 'slow');
    const written = writer?.run(sh`sleep 0.3; echo done >${file}`);
    expect((await reader?.look(sh`cat ${file}`))?.stdout).toBe('done\n');
    await written;
    await Promise.all([writer?.close(), reader?.close()]);
  });
});
