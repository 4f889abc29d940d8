/** `locale -a` writes encodings small and without dashes: de_DE.utf8 is de_DE.UTF-8. */
const encodings: readonly (readonly [string, string])[] = [
  ['.utf8', '.UTF-8'],
  ['.eucjp', '.EUC-JP'],
  ['.iso885915', '.ISO-8859-15'],
  ['.cp1251', '.CP1251'],
  ['.koi8r', '.KOI8-R'],
  ['.armscii8', '.ARMSCII-8'],
  ['.euckr', '.EUC-KR'],
  ['.gbk', '.GBK'],
  ['.gb18030', '.GB18030'],
  ['.euctw', '.EUC-TW'],
];

/** The name as locale.gen has it. */
export function localeName(name: string): string {
  const found = encodings.find(([short]) => name.includes(short));
  return found === undefined ? name : name.replace(...found);
}

/** Name -> character set of the locales that can be made, from /usr/share/i18n/SUPPORTED or locale.gen. */
export function readSupported(text: string): Map<string, string> {
  return new Map(
    [...text.matchAll(/^[ \t]*#?[ \t]*(\S{2,}) (\S+)[ \t]*$/gm)].map(([, name = '', charset = '']) => [
      name,
      charset,
    ]),
  );
}

/** /etc/locale.gen with locales switched on or off; one that has no line there gets one. */
export function editLocaleGen(
  text: string,
  names: readonly string[],
  on: boolean,
  charsets: ReadonlyMap<string, string>,
): string {
  let edited = text;
  for (const name of names) {
    const line = new RegExp(`^#?[ \\t]*${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')} (.+)$`, 'gm');
    if (line.test(edited))
      edited = edited.replace(line, (_all, set: string) => `${on ? '' : '# '}${name} ${set}`);
    else if (on && charsets.has(name))
      edited += `${edited === '' || edited.endsWith('\n') ? '' : '\n'}${name} ${charsets.get(name)}\n`;
  }
  return edited;
}
