import { TaskFailure } from '../../errors.ts';
import { type Dict, text, typeName } from '../python.ts';

const styles: Readonly<Record<string, Dict>> = {
  plain: { decoration: '# ' },
  erlang: { decoration: '% ' },
  c: { decoration: '// ' },
  cblock: { decoration: ' * ', beginning: '/*', end: ' */' },
  xml: { decoration: ' - ', beginning: '<!--', end: '-->' },
};

/** Ansible's `comment` (plugins/filter/core.py): the text as a block comment of a language. */
export function comment(value: unknown, [style = 'plain']: readonly unknown[], named: Dict): string {
  if (typeof value !== 'string') throw new TaskFailure(`comment needs a text, not ${typeName(value)}`);
  const { style: wanted = style, ...given } = named;
  const chosen = styles[text(wanted)];
  if (!chosen)
    throw new TaskFailure(
      `'${text(wanted)}' is no style of comments`,
      `use ${Object.keys(styles).join(', ')}`,
    );
  const edge = text(given.decoration ?? chosen.decoration).trimEnd();
  const options: Dict = { newline: '\n', beginning: '', prefix: edge, prefix_count: 1 };
  Object.assign(options, { postfix: edge, postfix_count: 1, end: '' }, chosen, given);
  const eol = text(options.newline);
  const decoration = text(options.decoration);
  const [beginning, prefix, end] = [text(options.beginning), text(options.prefix), text(options.end)];
  const lines = (decoration + value.replaceAll(eol, eol + decoration)).replaceAll(
    decoration + eol,
    decoration.trimEnd() + eol,
  );
  return [
    beginning && beginning + eol,
    prefix && (prefix === eol ? eol : prefix + eol).repeat(Number(options.prefix_count)),
    lines,
    (eol + text(options.postfix)).repeat(Number(options.postfix_count)),
    end && eol + end,
  ].join('');
}
