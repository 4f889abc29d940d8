import { describe, expect, it } from 'vitest';
import { checkExpression, checkTemplate, freeVariables } from '../../src/template/inspect.ts';

const place = { file: 'x.yaml', line: 10, column: 5 };

describe('checkTemplate', () => {
  it.each<[string, string, string | undefined, number, number]>([
    ['{{ a | defualt(1) }}', "there is no filter 'defualt'", 'did you mean default?', 10, 12],
    ['one\n  {{ a is defned }}', "there is no test 'defned'", 'did you mean defined?', 11, 11],
    ["{{ lookup('passwrd', x) }}", "there is no lookup 'passwrd'", 'did you mean password?', 10, 15],
    ["{{ a | map('uper') }}", "there is no filter 'uper'", 'did you mean upper?', 10, 16],
    ["{{ a | selectattr('x', 'equlto', 1) }}", "there is no test 'equlto'", 'did you mean equalto?', 10, 28],
    ["{{ a | urlize('b') }}", "the filter 'urlize' is not supported", undefined, 10, 12],
    ['{% filter uper %}x{% endfilter %}', "there is no filter 'uper'", 'did you mean upper?', 10, 15],
    ['{% if a %}', "template: 'if' is never closed: expected 'elif' or 'else' or 'endif'", undefined, 10, 13],
    ['{{ a', 'template: expected a output-end, got the end', undefined, 10, 8],
  ])('%s', (text, message, hint, line, column) => {
    const [problem, ...more] = checkTemplate(text, place);
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ message, place: { file: 'x.yaml', line, column }, severity: 'error' });
    expect(problem?.hint).toBe(hint);
  });

  it('finds all mistakes at once, and none in good text', () => {
    expect(checkTemplate('{{ a | foo | bar }}{{ b is baz }}', place)).toHaveLength(3);
    expect(checkTemplate('{% for a in b %}{{ a | ansible.builtin.default(1) }}{% endfor %}', place)).toEqual(
      [],
    );
    expect(checkTemplate('plain', place)).toEqual([]);
  });
});

describe('checkExpression', () => {
  it('has columns of the expression itself', () => {
    expect(checkExpression('a | nope', place)[0]?.place).toEqual({ ...place, column: 9 });
    expect(checkExpression('a ==', place)[0]?.message).toBe('template: the expression ends too early');
    expect(checkExpression("a == 'x' and b is not defined", place)).toEqual([]);
  });
});

describe('freeVariables', () => {
  const names = (text: string, kind: 'template' | 'expression' = 'template') =>
    freeVariables(text, kind).map((each) => (each.guarded ? `${each.name}?` : each.name));

  it.each([
    ['{{ a.b[c] }}', ['a', 'c']],
    ['{% for a in b if a %}{{ a }}{{ loop.index }}{% endfor %}{{ a }}', ['b', 'a']],
    ['{% set x = y %}{{ x }}', ['y']],
    ['{% macro m(p, q=r) %}{{ p }}{{ q }}{{ varargs }}{% endmacro %}{{ m(s) }}', ['r', 's']],
    ['{{ a | default(b) }}', ['a?', 'b']],
    ['{% if a.x is defined %}{{ a.x }}{% endif %}', ['a?']],
    ["{{ lookup('file', f) }}{{ range(3) }}{{ omit }}", ['f']],
    ['{% with a = b %}{{ a }}{% endwith %}', ['b']],
    ['{% import "x" as m %}{{ m.a() }}', []],
    ['{{ a | map(attribute=b) | join(c) }}', ['a', 'b', 'c']],
    ['{% raw %}{{ a }}{% endraw %}', []],
  ])('%s', (text, expected) => {
    expect(names(text)).toEqual(expected);
  });

  it('reads expressions, and gives lines', () => {
    expect(names('a and b is defined', 'expression')).toEqual(['a', 'b?']);
    expect(freeVariables('x\n{{ a }}', 'template')).toEqual([{ name: 'a', guarded: false, line: 2 }]);
  });
});
