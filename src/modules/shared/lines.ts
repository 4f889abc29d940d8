/** Lines without their ends, as Python's str.splitlines() gives them. */
export function pythonLines(text: string): string[] {
  const lines = text.split(/\r\n|[\n\r\v\f]/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
