import { TaskFailure } from '../../errors.ts';
import { text } from '../python.ts';

interface Style {
  readonly decoration: string;
  readonly beginning?: string;
  readonly end?: string;
}

const styles: Readonly<Record<string, Style>> = {
  plain: { decoration: '# ' },
  erlang: { decoration: '% ' },
  c: { decoration: '// ' },
  cblock: { decoration: ' * ', beginning: '/*', end: ' */' },
  xml: { decoration: ' - ', beginning: '<!--', end: '-->' },
};

/** Ansible's `comment` (plugins/filter/core.py): the text as a block comment of a language. */
export function comment(value: unknown, args: readonly unknown[]): string {
  const [
    name = 'plain',
    newline = '\n',
    beginning,
    prefix,
    prefixCount = 1,
    decoration,
    postfix,
    count = 1,
    end,
  ] = args;
  const style = styles[text(name)];
  if (!style)
    throw new TaskFailure(`'${text(name)}' is no style of comments`, `use ${Object.keys(styles).join(', ')}`);
  const eol = text(newline);
  const each = text(decoration ?? style.decoration);
  const edge = each.trimEnd();
  const head = text(beginning ?? style.beginning ?? '');
  const tail = text(end ?? style.end ?? '');
  const lines = text(value)
    .split(eol)
    .map((line) => (line === '' ? edge : each + line));
  return [
    head && head + eol,
    (text(prefix ?? edge) + eol).repeat(Number(prefixCount)),
    lines.join(eol),
    (eol + text(postfix ?? edge)).repeat(Number(count)),
    tail && eol + tail,
  ].join('');
}
