import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isReserved, keywords, keywordsOf, type Where } from '../../src/playbook/keywords.ts';

/** Recorded by record-keywords.py. */
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'keywords.json'), 'utf8')) as Record<
  Where,
  string[]
>;

/** Words that Ansible takes without having them among its attributes. */
const besides: Partial<Record<Where, readonly string[]>> = {
  play: ['user'],
  task: ['local_action'],
  handler: ['local_action'],
};
/** A module's place in the list of plays, rather than a keyword. */
const notWords = ['import_playbook'];

describe('keywords stand where ansible-core takes them', () => {
  it.each(['play', 'role', 'block', 'task', 'handler', 'import'] as const)('%s', (where) => {
    const wanted = [...recorded[where].filter((word) => !notWords.includes(word)), ...(besides[where] ?? [])];
    expect([...keywordsOf(where)].sort()).toEqual(wanted.sort());
  });
});

it('says of each that differs how it differs', () => {
  for (const [word, { state, note }] of Object.entries(keywords))
    expect([word, note !== undefined]).toEqual([word, state !== 'same']);
});

it.each([
  ['port', true],
  ['lookup', true],
  ['gather_subset', false],
  ['web_port', false],
])('the name %s is taken: %s', (name, taken) => expect(isReserved(name)).toBe(taken));
