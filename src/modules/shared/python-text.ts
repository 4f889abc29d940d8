/** A value as Python's repr() writes it, as far as JSON's types go. */
export function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (typeof value === 'object')
    return `{${Object.entries(value)
      .map(([key, item]) => `${quoted(key)}: ${pythonRepr(item)}`)
      .join(', ')}}`;
  return String(value);
}

/** As Python's str() writes it: text as it is, all else as repr(). */
export function pythonStr(value: unknown): string {
  return typeof value === 'string' ? value : pythonRepr(value);
}

/** The name of the Python type that a value of YAML or JSON has. */
export function pythonType(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'string') return 'str';
  return Array.isArray(value) ? 'list' : 'dict';
}

/** Python's ==, in which True is 1. */
export function pythonEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (left === null || right === null || typeof left === 'string' || typeof right === 'string') return false;
  if (typeof left !== 'object' && typeof right !== 'object') return Number(left) === Number(right);
  if (typeof left !== 'object' || typeof right !== 'object') return false;
  const [mine, theirs] = [Object.entries(left), right as Record<string, unknown>];
  return (
    Array.isArray(left) === Array.isArray(right) &&
    mine.length === Object.keys(theirs as object).length &&
    mine.every(([key, item]) => key in (theirs as object) && pythonEqual(item, theirs?.[key]))
  );
}

function quoted(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll(mark, `\\${mark}`)
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return `${mark}${escaped}${mark}`;
}
