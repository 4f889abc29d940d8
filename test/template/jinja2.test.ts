import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderTemplateFile } from '../../src/template/render.ts';
import { Scope } from '../../src/template/scope.ts';

interface Recorded {
  variables: Record<string, unknown>;
  cases: { template: string; output: string }[];
}

const recorded = JSON.parse(readFileSync(new URL('jinja2.json', import.meta.url), 'utf8')) as Recorded;

describe('what Jinja2 itself rendered', () => {
  it.each(recorded.cases)('$template', ({ template, output }) => {
    const layer = { origin: 'recorded', values: structuredClone(recorded.variables), literal: true };
    const scope = new Scope([layer], { searchDirectories: [], check: true });
    expect(renderTemplateFile(template, 'recorded.j2', scope)).toBe(output);
  });
});
