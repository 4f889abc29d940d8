/** What a letter behind a backslash stands for in a Python string literal (Lexical analysis, "Escape sequences"). */
export const pythonEscapes: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
