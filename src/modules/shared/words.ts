import { TaskFailure } from '../../errors.ts';
import { type Command, quote, rawShell } from '../../host/sh.ts';

/** Splits a line into words as Python's shlex does: quotes and backslashes, no comments. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let index = 0;
  const until = (end: string): string => {
    const start = index + 1;
    for (index = start; index < line.length && line[index] !== end; index += 1)
      if (end === '"' && line[index] === '\\') index += 1;
    if (index >= line.length) throw new TaskFailure(`no closing ${end} in: ${line}`);
    return line.slice(start, index);
  };
  for (; index < line.length; index += 1) {
    const char = line[index]!;
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "'") word = (word ?? '') + until("'");
    else if (char === '"') word = (word ?? '') + until('"').replaceAll(/\\(["\\])/g, '$1');
    else if (char === '\\') {
      index += 1;
      if (index >= line.length) throw new TaskFailure(`nothing after the last backslash in: ${line}`);
      word = (word ?? '') + line[index]!;
    } else word = (word ?? '') + char;
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** A word in which $NAME and ${NAME} stand for variables of the host; one that is not set stays as written. */
export function withVariables(word: string): Command {
  const parts = word.split(/(\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\}))/);
  const text = parts.map((part, index) => {
    if (index % 2 === 0) return part === '' ? '' : quote(part);
    const name = part.replaceAll(/[${}]/g, '');
    return `"\${${name}-\\${part.replace('}', '\\}')}}"`;
  });
  return rawShell(text.join('') || "''");
}
