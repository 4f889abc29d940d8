/** Rows as Python's csv reads them in its excel dialect: quotes are doubled inside quotes. */
export function csv(content: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let quoted = false;
  for (let index = 0; index < content.length; index += 1) {
    const character = content[index]!;
    if (quoted) {
      if (character !== '"') field += character;
      else if (content[index + 1] === '"') {
        field += '"';
        index += 1;
      } else quoted = false;
    } else if (character === '"' && field === '') quoted = true;
    else if (character === delimiter) {
      row.push(field);
      field = '';
    } else if (character === '\n' || character === '\r') {
      if (character === '\r' && content[index + 1] === '\n') index += 1;
      if (row.length > 0 || field !== '') rows.push([...row, field]);
      row = [];
      field = '';
    } else field += character;
  }
  if (row.length > 0 || field !== '') rows.push([...row, field]);
  return rows;
}
