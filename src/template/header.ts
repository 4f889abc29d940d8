import { TemplateSyntaxError } from './failures.ts';
import { pythonString } from './string-literals.ts';
import { ansibleSyntax, type SyntaxOptions } from './syntax-options.ts';

const mark = '#jinja2:';

/**
 * A template without its first line `#jinja2: trim_blocks: False, lstrip_blocks: True`, and what that line says.
 * Throws TemplateSyntaxError for a line that says nothing that is known.
 */
export function header(text: string, options: SyntaxOptions): { body: string; options: SyntaxOptions } {
  if (!text.startsWith(mark)) return { body: text, options };
  const end = text.indexOf('\n');
  if (end < 0) throw wrong(`there is no line after '${mark}'`);
  const given: Record<string, unknown> = {};
  for (const pair of text.slice(mark.length, end).split(',')) {
    const at = pair.indexOf(':');
    if (at < 0) throw wrong(`'${pair.trim()}' has no colon between option and value`);
    const name = pair.slice(0, at).trim();
    if (!Object.hasOwn(ansibleSyntax, name))
      throw wrong(`'${name}' is no option of templates: use ${Object.keys(ansibleSyntax).join(', ')}`);
    given[name] = literal(pair.slice(at + 1).trim());
    const standard = ansibleSyntax[name as keyof SyntaxOptions];
    if (standard !== null && typeof given[name] !== typeof standard)
      throw wrong(
        `'${name}' must be ${typeof standard === 'boolean' ? 'True or False' : 'a text in quotes'}`,
      );
  }
  return { body: text.slice(end + 1), options: { ...options, ...given } };
}

function literal(written: string): unknown {
  if (written === 'True') return true;
  if (written === 'False') return false;
  if (written === 'None') return null;
  const quoted = /^(['"])(.*)\1$/.exec(written)?.[2];
  if (quoted === undefined) throw wrong(`${written} is neither True nor False nor a text in quotes`);
  return pythonString(quoted);
}

function wrong(reason: string): TemplateSyntaxError {
  return new TemplateSyntaxError(`in the line #jinja2: ${reason}`, { line: 1, column: 1 });
}
