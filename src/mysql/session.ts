/** What one statement gave. */
export interface Answer {
  /** The rows; none for a statement that gives none. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Rows that were given or changed. */
  readonly count: number;
  /** Milliseconds that the server took. */
  readonly milliseconds: number;
}

/** Ends statements in our scripts: a semicolon may be part of one. */
const end = '$foobar$';
const marker = 'foobar-end-of-statement';

/** Options of the client that give what `parseAnswers` reads. */
export const sessionOptions = ['--batch', '--xml', '--binary-mode', '--unbuffered'];

/** The client's input for statements, each followed by a line that tells how it went. */
export function sessionScript(statements: readonly string[]): string {
  const steps = statements.map(
    (statement) =>
      `SET @foobar_begun = SYSDATE(6)${end}\n${statement.trim().replace(/;\s*$/, '')}${end}\nSELECT '${marker}', ROW_COUNT() c, TIMESTAMPDIFF(MICROSECOND, @foobar_begun, SYSDATE(6)) t${end}\n`,
  );
  return `DELIMITER ${end}\n${steps.join('')}`;
}

/** Reads the client's output: an answer for each statement that was done. All values are text or null. */
export function parseAnswers(stdout: string): Answer[] {
  const answers: Answer[] = [];
  let rows: Record<string, unknown>[] = [];
  for (const [, result = ''] of stdout.matchAll(
    /<resultset statement="[^"]*"[^>]*>([\s\S]*?)<\/resultset>/g,
  )) {
    const read = readRows(result);
    const last = read[0];
    if (last?.[marker] !== marker) {
      rows = read;
      continue;
    }
    const count = Number(last.c);
    answers.push({ rows, count: count < 0 ? rows.length : count, milliseconds: Number(last.t) / 1000 });
    rows = [];
  }
  return answers;
}

function readRows(result: string): Record<string, unknown>[] {
  return [...result.matchAll(/<row>([\s\S]*?)<\/row>/g)].map(([, row = '']) => {
    const fields = row.matchAll(/<field name="([^"]*)"(?: xsi:nil="true" \/>|>([\s\S]*?)<\/field>)/g);
    return Object.fromEntries(
      [...fields].map(([, name = '', value]) => [plain(name), value === undefined ? null : plain(value)]),
    );
  });
}

/** Options of the client that give what `parseTypes` reads: it tells types in its tables only. */
export const typesOptions = ['--table', '--column-type-info', '--binary-mode', '--force'];

/** The client's input that asks for the types of what statements select, without selecting anything. */
export function typesScript(statements: readonly string[]): string {
  const steps = statements.map((statement, index) => {
    const inner = statement.trim().replace(/;\s*$/, '');
    const selects = /^\(*\s*(SELECT|WITH|VALUES)\b/i.test(inner);
    const asked = selects ? `SELECT * FROM (\n${inner}\n) foobar_types LIMIT 0${end}\n` : '';
    return `SELECT 1 \`${marker}${index}\`${end}\n${asked}`;
  });
  return `DELIMITER ${end}\n${steps.join('')}`;
}

/** Column -> type for each statement; nothing for one that the server could not put into a subquery. */
export function parseTypes(stdout: string): Readonly<Record<string, string>>[] {
  const types: Record<string, string>[] = [];
  for (const [, name = '', type = ''] of stdout.matchAll(/^Field +\d+: +`(.*)`$[\s\S]*?^Type: +(\S+)$/gm)) {
    if (name.startsWith(marker)) types.push({});
    else if (types.length > 0) types.at(-1)![name] = type;
  }
  return types;
}

/** The rows with their values in these types. */
export function typedRows(rows: Answer['rows'], types: Readonly<Record<string, string>>): Answer['rows'] {
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        typeof value === 'string' ? typed(value, types[name] ?? '') : value,
      ]),
    ),
  );
}

function plain(text: string): string {
  const named: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
  return text.replaceAll(/&(lt|gt|amp|quot|apos);/g, (_all, name: string) => named[name]!);
}

/** Numbers become numbers as PyMySQL makes them; what a number cannot hold stays text. */
function typed(value: string, type: string): unknown {
  if (/^(TINY|SHORT|LONG|LONGLONG|INT24|YEAR)$/.test(type))
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (/^(FLOAT|DOUBLE|DECIMAL|NEWDECIMAL)$/.test(type)) return Number(value);
  // As Python writes a datetime in JSON.
  return /^(DATETIME|TIMESTAMP)$/.test(type) ? value.replace(' ', 'T') : value;
}

/** The server's error in the words of PyMySQL: (1146, "Table 'x.y' doesn't exist"). */
export function errorOf(stderr: string): { readonly code: number; readonly text: string } | undefined {
  const [, code, message = ''] = /^ERROR (\d+)(?: \(\w+\))?(?: at line \d+)?: ([\s\S]*)$/m.exec(stderr) ?? [];
  if (code === undefined) return undefined;
  const said = message.trim();
  const quoted = said.includes("'") ? JSON.stringify(said) : `'${said}'`;
  return { code: Number(code), text: `(${code}, ${quoted})` };
}
