import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  conditionHolds,
  evaluate,
  omit,
  renderKeepingTypes,
  renderTemplateFile,
  renderValue,
} from '../../src/template/render.ts';
import { Scope, UndefinedVariable } from '../../src/template/scope.ts';

const options = { searchDirectories: [], check: true };
const scope = (values: Record<string, unknown>, literal = false) =>
  new Scope([{ origin: 'test', values, literal }], options);

describe('renderValue', () => {
  it.each([
    ['plain text', 'plain text'],
    ['{{ 1 }}', 1],
    ['{{ 1 }} ', '1 '],
    ['{{ none }}', null],
    ['[{{ none }}]', '[]'],
    ['{{ true }}', true],
    ['{{ true }}!', 'True!'],
    ['{{ [1, "a"] }}', [1, 'a']],
    ['x {{ [1, "a", none] }}', "x [1, 'a', None]"],
    ['{{ "1" }}', '1'],
    ['{{ "{" }}', '{'],
    ['{{ {"}": {"{": 1}} }}', { '}': { '{': 1 } }],
    ['{% if true %}{{ [1] }}{% endif %}', [1]],
    [{ a: ['{{ 1 + 1 }}', { '{{ "k" }}': '{{ omit }}', b: 'x' }] }, { a: [2, { b: 'x' }] }],
    [{ a: '{{ omit }}', b: 1 }, { b: 1 }],
    [['{{ omit }}', 1], [1]],
    [5, 5],
    [null, null],
  ])('%j gives %j', (value, expected) => {
    expect(renderValue(value, scope({}))).toEqual(expected);
  });

  it('gives omit as the whole', () => {
    expect(renderValue('{{ x | default(omit) }}', scope({}))).toBe(omit);
  });

  it('keeps every value that goes through one expression', () => {
    const value = fc.jsonValue().filter((each) => !JSON.stringify(each).includes('__proto__'));
    fc.assert(
      fc.property(value, (each) => {
        expect(renderValue('{{ v }}', scope({ v: each }, true))).toEqual(each);
      }),
    );
  });

  it('keeps text without templates as it is', () => {
    const text = fc.string().filter((each) => !/\{[{%#]/.test(each));
    fc.assert(fc.property(text, (each) => renderValue(each, scope({})) === each));
  });

  it('reads back the quoted form of any text', () => {
    fc.assert(
      fc.property(
        fc.string().filter((each) => !/\{[{%#]/.test(each)),
        (each) => evaluate(JSON.stringify(each), scope({})) === each,
      ),
    );
  });
});

describe('undefined', () => {
  it.each([
    ['foo', "'foo' is undefined"],
    ['d.x', "object of type 'dict' has no attribute 'x'"],
    ['foo + 1', "'foo' is undefined"],
    ['foo == 1', "'foo' is undefined"],
    ['"a" if foo else "b"', "'foo' is undefined"],
    ['[foo]', "'foo' is undefined"],
    ['foo.bar.baz', "'foo' is undefined"],
    ['foo | upper', "'foo' is undefined"],
    ['l | map(attribute="x") | list', "object of type 'int' has no attribute 'x'"],
    ['nested', "'bar' is undefined"],
  ])('%s: %s', (expression, message) => {
    const variables = scope({ d: { y: 1 }, l: [1], nested: 'text {{ bar }}' });
    expect(() => evaluate(expression, variables)).toThrow(UndefinedVariable);
    expect(() => evaluate(expression, variables)).toThrow(message);
  });

  it.each([
    ['foo is defined', false],
    ['foo.bar.baz is defined', false],
    ['foo is undefined or foo > 1', true],
    ['foo.bar.baz | default(3)', 3],
    ['d.x | default({}) | length', 0],
    ['nested | default("n")', 'n'],
    ['foo is defined and foo.x', false],
  ])('%s is guarded', (expression, expected) => {
    expect(evaluate(expression, scope({ d: {}, nested: '{{ bar }}' }))).toEqual(expected);
  });
});

/** Recorded from ansible-core 2.19.11. */
describe('an inline if without else that does not hold', () => {
  it.each([
    ['x{{ "," if false }}', 'x'],
    ['{{ "," if nothing is defined }}y', 'y'],
    ['{% for n in [1, 2] %}{{ n }}{{ "," if not loop.last }}{% endfor %}', '1,2'],
    ['{% set x = ("b" if false) %}z{{ x }}', 'z'],
    ['{% macro m(a) %}q{{ a }}{{ "," if false }}{% endmacro %}{{ m("b" if false) }}', 'q'],
    ['{{ "a" ~ ("b" if false) }}', 'a'],
    ['{{ ["b" if false] | join }}', ''],
    ['a{{ ("b" if false) | upper }}', 'a'],
    ['a{{ ("b" if false) | default("c") }}', 'a'],
    ['a{{ 1 if ("b" if false) else 2 }}{{ ("b" if false) is defined }}', 'a2False'],
    ['{% for n in ([1] if false) %}{{ n }}{% else %}none{% endfor %}', 'none'],
  ])('%s', (template, expected) => expect(renderValue(template, scope({}))).toBe(expected));

  it('is no value of a variable', () =>
    expect(() => renderValue('{{ "," if false }}', scope({}))).toThrow('no else section was defined'));
});

describe('evaluate', () => {
  it('takes an expression in braces too', () => {
    expect(evaluate('{{ a }}', scope({ a: [1] }))).toEqual([1]);
    expect(evaluate('{{ name }} is defined', scope({ name: 'other', other: 1 }))).toBe(true);
  });

  it.each([
    ['a is', 'expected a name, got the end'],
    ['1 +', 'the expression ends too early'],
    ['(1', "expected ')', got the end"],
    ['a b', "unexpected 'b'"],
    ["'open", 'a string is never closed'],
    ['x = 1', "unexpected '='"],
    ['f(a=1, 2)', 'a positional argument follows a named one'],
  ])('%s: %s', (expression, message) => {
    expect(() => evaluate(expression, scope({}))).toThrow(message);
  });

  it.each([
    ["'a' + 1", "unsupported operand type(s) for +: 'str' and 'int'"],
    ["'a' < 1", "'<' not supported between instances of 'str' and 'int'"],
    ['foo | mandatory', "Mandatory variable 'foo' not defined."],
    ['1 / 0', 'division by zero'],
    ['3 | nothing', "there is no filter 'nothing'"],
    ['3 is nothing', "there is no test 'nothing'"],
    ["lookup('nothing')", "there is no lookup 'nothing'"],
    ["'x' | replace(foo=1)", "'replace' has no parameter 'foo'"],
    ["'x' | lower(1)", "'lower' takes at most 0 arguments, not 1"],
    ["'x' is match('(')", 'is no regular expression'],
    ['a()', "'list' object is not callable"],
    ['a.items', "object of type 'list' has no attribute 'items'"],
  ])('%s fails: %s', (expression, message) => {
    expect(() => evaluate(expression, scope({ a: [] }))).toThrow(message);
  });
});

it('changes a copy of a variable, never the variable', () => {
  const variables = scope({ a: [1], d: { l: [1] } });
  const template = '{% set _ = a.append(2) %}{% set _ = d.l.append(2) %}{{ a }}{{ d.l }}';
  expect(renderValue(template, variables)).toBe('[1, 2][1, 2]');
  expect(renderValue('{{ a }}{{ d.l }}', variables)).toBe('[1][1]');
});

describe('a condition that gives no boolean', () => {
  it.each([
    ["'ab' | list", "'ab' | list | length > 0 or 'ab' | list is truthy"],
    ["'ab' | length", "'ab' | length > 0 or 'ab' | length is truthy"],
    ["'yes'", "'yes' | bool, 'yes' | length > 0 or 'yes' is truthy"],
    ['none', 'none is not none or none is truthy'],
  ])('%s is told what fits its kind', (condition, hint) => {
    const scope = new Scope([], { searchDirectories: [], check: false });
    expect(() => conditionHolds(condition, scope)).toThrow(
      expect.objectContaining({ hint: `write what is meant: ${hint}` }),
    );
  });
});

describe('types', () => {
  it('are kept for what becomes a variable again', () => {
    const kept = renderKeepingTypes({ f: '{{ 4 / 2 }}' }, scope({})) as Record<string, unknown>;
    expect(renderValue('{{ f }} {{ f | type_debug }}', scope(kept, true))).toBe('2.0 float');
    expect(renderValue({ f: '{{ 4 / 2 }}' }, scope({}))).toEqual({ f: 2 });
    expect(JSON.stringify(kept)).toBe('{"f":2}');
  });
});

describe('renderTemplateFile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'foobar-template-'));
  mkdirSync(join(folder, 'templates', 'parts'), { recursive: true });
  const file = join(folder, 'templates', 'main.j2');
  writeFileSync(
    join(folder, 'templates', 'parts', 'part.j2'),
    'part of {{ name }} {{ inner | default("-") }}\n',
  );
  writeFileSync(join(folder, 'templates', 'broken.j2'), 'one\n{{ nothing.here }}\n');
  writeFileSync(join(folder, 'templates', 'macros.j2'), '{% macro hi(x) %}hi {{ x }}{% endmacro %}');
  const variables = new Scope([{ origin: 'test', values: { name: 'web' } }], {
    searchDirectories: [folder],
    check: true,
  });
  const render = (text: string) => renderTemplateFile(text, file, variables);

  it('includes relative to the template, with its variables', () => {
    expect(render('{% set inner = 1 %}{% include "parts/part.j2" %}')).toBe('part of web 1');
    expect(render('{% include "none.j2" ignore missing %}x')).toBe('x');
  });

  it('imports macros', () => {
    expect(render('{% import "macros.j2" as m %}{{ m.hi(1) }}')).toBe('hi 1');
    expect(render('{% from "macros.j2" import hi as hello %}{{ hello("you") }}')).toBe('hi you');
  });

  it('names file and line of the innermost template', () => {
    expect(() => render('a\n\n{{ foo }}\n')).toThrow(`${file}:3: 'foo' is undefined`);
    expect(() => render('a\n{% include "broken.j2" %}')).toThrow(
      `${join(folder, 'templates', 'broken.j2')}:2: 'nothing' is undefined`,
    );
    expect(() => render('a\n{% if x %}\n')).toThrow(`${file}:2: 'if' is never closed`);
    expect(() => render('a\n{% fi %}\n')).toThrow(`${file}:2: unknown tag 'fi'`);
    expect(() => render('a\n{% include "gone.j2" %}\n')).toThrow(
      `${file}:2: template 'gone.j2' is not found`,
    );
  });

  it('obeys the #jinja2 line', () => {
    expect(render('#jinja2: trim_blocks: False\n{% if true %}\nx{% endif %}')).toBe('\nx');
    expect(render('#jinja2:lstrip_blocks: True\n  {% if true %}\nx\n  {% endif %}\n')).toBe('x\n');
    expect(() => render('#jinja2: lstrip_blocks: True\n{{ foo }}')).toThrow(`${file}:2: `);
  });
});
