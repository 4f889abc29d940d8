import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Problem } from '../src/errors.ts';
import { didYouMean, nearest, problemText, shownPath, sortProblems } from '../src/problems.ts';

describe('nearest', () => {
  it.each([
    ['ngnix', ['nginx', 'mysql'], 'nginx'],
    ['wehn', ['when', 'with'], 'when'],
    ['taks', ['tags', 'tasks'], 'tasks'],
    ['atp', ['at', 'apt', 'app'], 'apt'],
    ['become-user', ['become', 'become_user'], 'become_user'],
    ['Notify', ['notify'], 'notify'],
    ['hosts', ['hosts'], undefined],
    ['web', ['database', 'balancer'], undefined],
    ['x', ['debug'], undefined],
    ['anything', [], undefined],
  ])('%s among %j', (word, candidates, meant) => expect(nearest(word, candidates)).toBe(meant));

  it('words it', () => {
    expect(didYouMean('stat', ['state'])).toBe('did you mean state?');
    expect(didYouMean('zzz', ['state'])).toBeUndefined();
  });
});

const at = (file: string, line: number, column: number, message: string): Problem => ({
  message,
  place: { file, line, column },
  severity: 'error',
});

it('sorts by place and shows each once', () => {
  const [a, b, c] = [at('a', 2, 1, 'x'), at('a', 10, 1, 'x'), at('b', 1, 1, 'x')] as const;
  const nowhere: Problem = { message: 'y', severity: 'warning' };
  expect(sortProblems([c, b, { ...a, severity: 'warning' }, nowhere, a])).toEqual([nowhere, a, b, c]);
});

it.each([
  ['/site/playbooks/site.yaml', 'playbooks/site.yaml'],
  ['/sites/x.yaml', '/sites/x.yaml'],
  ['/x.yaml', '/x.yaml'],
])('shows %s as %s', (file, shown) => expect(shownPath(file, '/site')).toBe(shown));

describe('text', () => {
  const folder = mkdtempSync(join(tmpdir(), 'problems-'));
  const file = join(folder, 'site.yaml');
  writeFileSync(file, `- hosts: web\n  taks: []\n${' '.repeat(150)}x: y\n`);

  it('has the line, a caret, a hint and a summary', () => {
    const problems: Problem[] = [
      { ...at(file, 2, 3, 'a play has no keyword taks'), hint: 'did you mean tasks?' },
      { message: 'nobody is here', severity: 'warning' },
    ];
    expect(problemText(problems, folder)).toBe(
      [
        'warning: nobody is here',
        '',
        'site.yaml:2:3: a play has no keyword taks',
        '  2 |   taks: []',
        '    |   ^',
        '  did you mean tasks?',
        '',
        '1 mistake, 1 warning',
      ].join('\n'),
    );
  });

  it('cuts long lines around the place', () => {
    const text = problemText([at(file, 3, 151, 'odd')], folder);
    expect(text).toContain(`  3 | ${' '.repeat(49)}x: y\n    | ${' '.repeat(49)}^`);
  });

  it('does without the line when there is no such file', () =>
    expect(problemText([at('/nonexistent', 1, 1, 'x')], folder)).toBe('/nonexistent:1:1: x\n\n1 mistake'));
});
