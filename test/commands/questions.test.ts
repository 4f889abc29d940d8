import { describe, expect, it } from 'vitest';
import { answerTo, asksQuestions, stepTo, unanswerable } from '../../src/commands/questions.ts';
import type { Playbook, Prompt } from '../../src/playbook/contract.ts';
import { maskText } from '../../src/secrets.ts';
import { Unsafe } from '../../src/yaml/located.ts';

const place = { file: '/site.yaml', line: 3, column: 5 };
const prompt = (given: Partial<Prompt> = {}): Prompt => ({
  name: 'version',
  place,
  prompt: 'Which version',
  private: false,
  confirm: false,
  unsafe: false,
  ...given,
});

/** Somebody who gives these answers. */
function person(...answers: string[]) {
  const asked: string[] = [];
  const ask = async ({ text, echo }: { text: string; echo: boolean }) => {
    asked.push(`${text}${echo ? '' : '(hidden)'}`);
    const answer = answers.shift();
    if (answer === undefined) throw new Error('asked too often');
    return answer;
  };
  return { asked, ask };
}

describe('a question of vars_prompt', () => {
  it.each<[string, Partial<Prompt>, string[], unknown, string[]]>([
    ['takes the answer', {}, ['1.2'], '1.2', ['Which version: ']],
    ['shows its default and takes it', { default: 7 }, [''], 7, ['Which version [7]: ']],
    ['is hidden when it is private', { private: true }, ['x'], 'x', ['Which version: (hidden)']],
    [
      'is put again until both answers are the same',
      { confirm: true },
      ['a', 'b', 'c', 'c'],
      'c',
      ['Which version: ', 'confirm Which version: ', 'Which version: ', 'confirm Which version: '],
    ],
  ])('%s', async (_what, given, answers, value, asked) => {
    const somebody = person(...answers);
    expect(await answerTo(prompt(given), somebody.ask)).toEqual(value);
    expect(somebody.asked).toEqual(asked);
  });

  it('may give a text that is no template', async () => {
    const answer = await answerTo(prompt({ unsafe: true }), person('{{ x }}').ask);
    expect(answer).toBeInstanceOf(Unsafe);
    expect(String(answer)).toBe('{{ x }}');
  });

  it('may give a hash, and what was private is secret', async () => {
    const hash = await answerTo(
      prompt({ private: true, encrypt: 'sha512_crypt', salt: 'saltsalt' }),
      person('the password').ask,
    );
    expect(hash).toMatch(/^\$6\$.*saltsalt\$/);
    expect(maskText('the password')).toBe('********');
  });

  it('takes its default without a terminal', async () => {
    expect(await answerTo(prompt({ default: 'd' }), undefined)).toBe('d');
  });
});

describe('without a terminal', () => {
  const playbook = (...prompts: Prompt[]) =>
    ({ file: '/site.yaml', plays: [{ prompts, tasks: [] }] }) as unknown as Playbook;
  it('questions without a default keep a run from beginning', () => {
    const refusal = unanswerable(
      playbook(prompt(), prompt({ name: 'other' }), prompt({ name: 'x', default: 1 })),
      false,
      undefined,
    );
    expect(refusal?.message).toBe('/site.yaml:3: there is no terminal to ask for version, other');
    expect(refusal?.hint).toBe('give it on the command line: -e version=... -e other=...');
    expect(unanswerable(playbook(prompt({ default: 1 })), false, undefined)).toBeUndefined();
    expect(unanswerable(playbook(prompt()), true, person().ask)).toBeUndefined();
    expect(unanswerable(playbook(), true, undefined)?.message).toMatch('--step asks before each task');
  });

  it('it is known whether there will be questions', () => {
    expect([asksQuestions(playbook(prompt()), false), asksQuestions(playbook(), false)]).toEqual([
      true,
      false,
    ]);
    expect(asksQuestions(playbook(), true)).toBe(true);
  });
});

describe('--step', () => {
  it.each([
    ['y', 'yes'],
    ['Yes', 'yes'],
    ['', 'no'],
    ['n', 'no'],
    ['c', 'continue'],
  ])('%j is %s', async (answer, expected) => {
    const { ask, asked } = person('what?', answer);
    expect(await stepTo('Install', ask)).toBe(expected);
    expect(asked[0]).toBe('Perform task: Install (N)o/(y)es/(c)ontinue: ');
  });
});
