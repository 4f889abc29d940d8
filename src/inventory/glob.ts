/** Python's fnmatch as a regular expression: `*`, `?`, `[abc]`, `[!abc]`. Case counts. */
export function fromGlob(glob: string): RegExp {
  let text = '';
  for (let at = 0; at < glob.length; at++) {
    const letter = glob[at] as string;
    if (letter === '*') text += '.*';
    else if (letter === '?') text += '.';
    else if (letter === '[') {
      // A bracket right behind the opening one is a member of the set.
      const from = glob[at + 1] === '!' ? at + 3 : at + 2;
      const end = glob.indexOf(']', from);
      if (end < 0) text += '\\[';
      else {
        text += setOf(glob.slice(at + 1, end));
        at = end;
      }
    } else text += letter.replace(/[.+^${}()|\\/\]]/, '\\$&');
  }
  return new RegExp(`^(?:${text})$`, 'su');
}

function setOf(inside: string): string {
  const negated = inside.startsWith('!');
  const letters = (negated ? inside.slice(1) : inside).replace(/[\\\][^]/g, '\\$&');
  // Ranges that go backwards match nothing.
  const members = letters.replace(/([^\\])-([^\\])/g, (range, from, to) => (from > to ? '' : range));
  if (members === '') return negated ? '.' : '(?!)';
  return `[${negated ? '^' : ''}${members.replace(/^-|-$/g, '\\-')}]`;
}

/** A Python regular expression that has to match from the start on. Throws a SyntaxError when it is none. */
export function fromPython(pattern: string): RegExp {
  let flags = '';
  const text = pattern
    .replace(/^\(\?([aimsux]+)\)/, (_all, given: string) => {
      flags = given.replace(/[^ims]/g, '');
      return '';
    })
    .replaceAll('(?P<', '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replace(/\\([AZ])/g, (_all, end) => (end === 'A' ? '^' : '$'));
  return new RegExp(`^(?:${text})`, flags);
}
