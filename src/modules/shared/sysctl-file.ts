/** Where the kernel shows a setting. sysctl(8): the first separator says whether dots or slashes part the words. */
export function kernelPath(name: string): string {
  return `/proc/sys/${canonical(name)}`;
}

function canonical(name: string): string {
  if (/^[^./]*\//.test(name)) return name;
  return name.replaceAll(/[./]/g, (char) => (char === '.' ? '/' : '.'));
}

const setting = /^\s*-?\s*([^\s=#;]+)\s*=\s*(.*?)\s*$/;

/** The value that a file gives to a setting: its last one counts. */
export function readSetting(file: string, name: string): string | undefined {
  const values = file.split('\n').flatMap((line) => {
    const found = setting.exec(line);
    return found !== null && canonical(found[1]!) === canonical(name)
      ? [found[2]!.replaceAll(/\s+/g, ' ')]
      : [];
  });
  return values.at(-1);
}

/** The file with the setting once, where it stood at first or at the end; undefined takes it out. */
export function editSetting(file: string, name: string, value: string | undefined): string {
  let placed = value === undefined;
  const lines = (file === '' ? [] : file.replace(/\n$/, '').split('\n')).flatMap((line) => {
    const found = setting.exec(line);
    if (found === null || canonical(found[1]!) !== canonical(name)) return [line];
    if (placed) return [];
    placed = true;
    return [`${name}=${value}`];
  });
  if (!placed) lines.push(`${name}=${value}`);
  return lines.map((line) => `${line}\n`).join('');
}
