import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench } from './harness.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

describe('raw', () => {
  it('gives the output as it was said', async () => {
    const { values, changed, failed } = await bench.act('raw', { _raw_params: 'echo out; echo err >&2' });
    expect([changed, failed, values]).toEqual([
      true,
      undefined,
      { rc: 0, stdout: 'out\n', stdout_lines: ['out'], stderr: 'err\n', stderr_lines: ['err'] },
    ]);
  });

  it('fails with the code, in the shell that is asked for', async () => {
    const { values, failed } = await bench.act('raw', {
      free_form: '[[ a == a ]] && exit 3',
      executable: '/bin/bash',
    });
    expect([values?.rc, failed]).toEqual([3, 'non-zero return code (3)']);
  });
});

describe('script', () => {
  it('runs a file of the controller with its arguments, and leaves nothing behind', async () => {
    mkdirSync(bench.at('there'));
    writeFileSync(bench.at('my script'), '#!/bin/sh\necho "$1|$2|$#"; pwd; cat; echo "$0"\n');
    const { values } = await bench.act('script', {
      free_form: `'my script' a "b  c"`,
      chdir: bench.at('there'),
    });
    const [words, pwd, path] = values!.stdout_lines as string[];
    expect([words, pwd]).toEqual(['a|b  c|2', bench.at('there')]);
    expect(path).toMatch(/^\/tmp\/\.foobar-\w+\/my script$/);
    expect(existsSync(path!)).toBe(false);
  });

  it('gives a failure as it is, and takes any program', async () => {
    writeFileSync(bench.at('x'), 'echo $BASH_VERSION | cut -d. -f1; exit 4\n');
    chmodSync(bench.at('x'), 0o600);
    const { values, failed } = await bench.act('script', { cmd: 'x', executable: '/bin/bash' });
    expect([values?.rc, failed?.split('\n', 1)[0]]).toEqual([4, 'non-zero return code (4)']);
    expect(values?.stdout).toMatch(/^\d+\n$/);
  });

  it('creates and removes keep it from running', async () => {
    const creates = await bench.act('script', { cmd: 'no', creates: bench.folder });
    const msg = `${bench.folder} exists, matching creates option`;
    expect(creates).toEqual({ changed: false, skipped: msg, values: { skipped: true, msg } });
    const removes = await bench.act('script', { cmd: 'no', removes: bench.at('no') });
    expect(removes.skipped).toBe(`${bench.at('no')} does not exist, matching removes option`);
  });

  it('names the script that is not there', async () => {
    await expect(bench.act('script', { cmd: 'no.sh' })).rejects.toThrow(/cannot read the script .*no\.sh/);
  });
});
