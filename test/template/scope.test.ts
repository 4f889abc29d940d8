import { describe, expect, it } from 'vitest';
import { TaskFailure } from '../../src/errors.ts';
import { evaluate, renderValue } from '../../src/template/render.ts';
import { NotKnownYet, Pending, Scope, UndefinedVariable } from '../../src/template/scope.ts';
import { Unsafe } from '../../src/yaml/unsafe.ts';

const options = { searchDirectories: [], check: true };

describe('Scope', () => {
  it('lets later layers win, also for what earlier layers use', () => {
    const scope = new Scope(
      [
        { origin: 'defaults', values: { port: 80, url: 'http://x:{{ port }}' } },
        { origin: 'group', values: { port: 8080 } },
      ],
      options,
    );
    expect(scope.get('url')).toBe('http://x:8080');
    expect(scope.origin('port')).toBe('group');
    expect(scope.with({ port: 1 }, 'task').get('url')).toBe('http://x:1');
  });

  it('renders once, and only what is asked for', () => {
    let reads = 0;
    const values = Object.defineProperty({ a: '{{ b }}' }, 'b', {
      enumerable: true,
      get: () => {
        reads += 1;
        return [1];
      },
    });
    const scope = new Scope([{ origin: 'x', values }], options);
    expect(reads).toBe(0);
    expect(scope.get('a')).toBe(scope.get('a'));
    expect(reads).toBe(1);
  });

  it('leaves other keys of a dict alone', () => {
    const scope = new Scope(
      [{ origin: 'x', values: { d: { good: '{{ 1 }}', bad: '{{ gone }}', self: '{{ d.good }}' } } }],
      options,
    );
    expect(evaluate('d.good', scope)).toBe(1);
    expect(evaluate('d.self', scope)).toBe(1);
    expect(() => evaluate('d.bad', scope)).toThrow(UndefinedVariable);
    expect(() => renderValue('{{ d }}', scope)).toThrow("'gone' is undefined");
  });

  it('never takes data for templates', () => {
    const scope = new Scope(
      [
        { origin: 'facts', values: { banner: '{{ nope }}', nested: { x: '{% if %}' } }, literal: true },
        { origin: 'vars', values: { shown: '<{{ banner }}>', unsafe: new Unsafe('{{ nope }}') } },
      ],
      options,
    );
    expect(scope.get('shown')).toBe('<{{ nope }}>');
    expect(scope.get('unsafe')).toBe('{{ nope }}');
    expect(evaluate('nested.x', scope)).toBe('{% if %}');
    expect(evaluate('item', scope.with({ item: '{{ nope }}' }, 'loop'))).toBe('{{ nope }}');
    expect(evaluate('item', scope.with({ item: '{{ 1 }}' }, 'vars', 'templates'))).toBe(1);
  });

  it('reports cycles by their names', () => {
    const scope = new Scope(
      [{ origin: 'x', values: { a: '{{ b }}', b: '{{ c.d }}', c: { d: '{{ a }}' } } }],
      options,
    );
    expect(() => scope.get('a')).toThrow(TaskFailure);
    expect(() => scope.get('a')).toThrow("'a' is defined by itself: a -> b -> a");
  });

  it('throws NotKnownYet for what is pending, guarded or not', () => {
    const scope = new Scope(
      [{ origin: 'register', values: { result: new Pending('result'), x: '{{ result.rc }}' } }],
      options,
    );
    for (const expression of ['result', 'result is defined', 'result.rc | default(0)', 'x'])
      expect(() => evaluate(expression, scope)).toThrow(NotKnownYet);
    expect(() => scope.has('result')).toThrow(NotKnownYet);
    expect(evaluate('true or result', scope)).toBe(true);
  });

  it('says what is undefined', () => {
    const scope = new Scope([], options);
    expect(() => scope.get('foo')).toThrow("'foo' is undefined");
    expect(scope.has('foo')).toBe(false);
  });

  it('is a dict that renders on access', () => {
    const scope = new Scope([{ origin: 'x', values: { a: '{{ 1 + 1 }}', b: '{{ gone }}' } }], options);
    const hostvars = new Scope(
      [{ origin: 'm', values: { hostvars: { web1: scope.asDict() } }, literal: true }],
      options,
    );
    expect(evaluate("hostvars['web1'].a", hostvars)).toBe(2);
    expect(evaluate("hostvars.web1.nope | default('d')", hostvars)).toBe('d');
    expect(evaluate("'a' in hostvars.web1", hostvars)).toBe(true);
    expect(evaluate('hostvars.web1.keys() | sort', hostvars)).toEqual(['a', 'b']);
    expect(evaluate("vars['a']", scope)).toBe(2);
  });
});
