import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { renderTemplateFile } from '../../src/template/render.ts';
import { Scope } from '../../src/template/scope.ts';
import { Bench } from './harness.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
  const values = { word: 'w\u00f6rd' };
  const variables = new Scope([{ origin: 'test', values }], { searchDirectories: [], check: true });
  bench.render = (text, options) => renderTemplateFile(text, 'x.j2', variables, options);
});
afterEach(() => bench.close());

const plain = 'a\n   {% if word %}\n  b {{ word }}\n   {% endif %}\nc\n';

// Recorded with ansible-core 2.19.11.
it.each([
  [{ lstrip_blocks: true }, 'a\n  b w\u00f6rd\nc\n'],
  [{ trim_blocks: false }, 'a\n   \n  b w\u00f6rd\n   \nc\n'],
  [{ newline_sequence: '\r\n' }, 'a\r\n     b w\u00f6rd\r\n   c\r\n'],
  [
    { newline_sequence: '\\r\\n', lstrip_blocks: true, trim_blocks: false },
    'a\r\n\r\n  b w\u00f6rd\r\n\r\nc\r\n',
  ],
])('renders with %j', async (options, content) => {
  writeFileSync(bench.at('x.j2'), plain);
  await bench.settle('template', { src: 'x.j2', dest: bench.at('x'), ...options });
  expect(readFileSync(bench.at('x'), 'utf8')).toBe(content);
});

it('lets a template have its own marks', async () => {
  writeFileSync(
    bench.at('x.j2'),
    '[% if word %]\nA [= word =] {{ untouched }} {% untouched %}\n[% endif %]\n[# gone #]\nend\n\n',
  );
  const marks = {
    ...{ block_start_string: '[%', block_end_string: '%]' },
    ...{ variable_start_string: '[=', variable_end_string: '=]' },
    ...{ comment_start_string: '[#', comment_end_string: '#]' },
  };
  await bench.settle('template', { src: 'x.j2', dest: bench.at('x'), ...marks });
  expect(readFileSync(bench.at('x'), 'utf8')).toBe('A w\u00f6rd {{ untouched }} {% untouched %}\nend\n\n');
});

it('encodes, and keeps the mode of the template', async () => {
  writeFileSync(bench.at('x.j2'), '{{ word }}\n');
  chmodSync(bench.at('x.j2'), 0o640);
  const args = { src: 'x.j2', dest: bench.at('x'), output_encoding: 'iso-8859-1', mode: 'preserve' };
  const { left } = await bench.settle('template', args);
  expect(left).toEqual([]);
  expect(readFileSync(bench.at('x'), 'latin1')).toBe('w\u00f6rd\n');
  expect(statSync(bench.at('x')).mode & 0o777).toBe(0o640);
});
