import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ArgumentSpec, validateArguments } from '../../../src/modules/shared/argument-spec.ts';

interface Recorded {
  readonly spec: ArgumentSpec;
  readonly args: Record<string, unknown>;
  readonly errors: string[];
}

/** What validate_argument_spec of ansible-core 2.19.11 answered. */
const recorded = JSON.parse(
  readFileSync(new URL('./recorded/argument-spec.json', import.meta.url), 'utf8'),
) as Recorded[];

/** Python lists the members of a set, in an order of its own in every process. */
const settled = (message: string) => message.replace(/(Valid booleans include: ).*/, '$1...');

describe('arguments against a specification', () => {
  test.each(recorded)('$spec $args', ({ spec, args, errors }) => {
    const before = structuredClone(args);
    expect(validateArguments(spec, args).errors.map(settled)).toEqual(errors.map(settled));
    expect(args).toEqual(before);
  });

  test('gives values of the types, with aliases and defaults', () => {
    const spec = {
      port: { type: 'int', aliases: ['p'] },
      on: { type: 'bool', default: true },
      tags: { type: 'list', elements: 'str' },
      size: { type: 'bytes' },
      none: {},
      site: { type: 'dict', options: { names: { type: 'list' }, tls: { type: 'bool', default: false } } },
      word: { choices: ['yes', 'no'] },
    };
    const { values, errors } = validateArguments(spec, {
      p: '80',
      tags: [1, 'b'],
      size: '1.5K',
      site: { names: 'a,b' },
      word: true,
    });
    expect(errors).toEqual([]);
    expect(values).toEqual({
      p: '80',
      port: 80,
      on: true,
      tags: ['1', 'b'],
      size: 1536,
      none: null,
      site: { names: ['a', 'b'], tls: false },
      word: 'yes',
    });
  });
});
