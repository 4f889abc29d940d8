/** What pip is asked for: `Django>=4,<5`, `requests[socks]==2.31`. */
export interface Requirement {
  /** As PEP 503 writes it: small letters, dashes. */
  readonly name: string;
  readonly specifiers: readonly (readonly [operator: string, version: string])[];
}

/** A requirement of plain kind; undefined for URLs, paths, markers and versions that are not only numbers. */
export function parseRequirement(text: string): Requirement | undefined {
  const [, name, specifiers = ''] =
    /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;()@/]*)\)?\s*$/.exec(text) ?? [];
  if (name === undefined) return undefined;
  const list: [string, string][] = [];
  for (const part of specifiers.split(',').filter((each) => each.trim() !== '')) {
    const [, operator, version] =
      /^\s*(===|==|!=|~=|<=|>=|<|>)\s*(\d+(?:\.\d+)*(?:\.\*)?)\s*$/.exec(part) ?? [];
    if (operator === undefined) return undefined;
    list.push([operator, version!]);
  }
  return { name: canonicalName(name), specifiers: list };
}

export function canonicalName(name: string): string {
  return name.replaceAll(/[-_.]+/g, '-').toLowerCase();
}

/** Name -> version from `pip list --format=freeze`. */
export function installedPackages(freeze: string): Map<string, string> {
  return new Map(
    [...freeze.matchAll(/^([A-Za-z0-9][\w.-]*)==(\S+)$/gm)].map(([, name = '', version = '']) => [
      canonicalName(name),
      version,
    ]),
  );
}

/** Whether a version satisfies a requirement, as PEP 440 compares releases; undefined when it cannot be said here. */
export function satisfies(version: string, { specifiers }: Requirement): boolean | undefined {
  if (specifiers.length === 0) return true;
  if (!/^\d+(\.\d+)*$/.test(version)) return undefined;
  return specifiers.every(([operator, wanted]) => {
    const prefix = wanted.endsWith('.*') ? wanted.slice(0, -2) : undefined;
    const order = compare(version, prefix ?? wanted);
    const starts = prefix !== undefined && compare(release(version, prefix), prefix) === 0;
    switch (operator) {
      case '==':
      case '===':
        return prefix === undefined ? order === 0 : starts;
      case '!=':
        return prefix === undefined ? order !== 0 : !starts;
      case '~=': {
        const series = wanted.split('.').slice(0, -1).join('.');
        return order >= 0 && compare(release(version, series), series) === 0;
      }
      case '<=':
        return order <= 0;
      case '>=':
        return order >= 0;
      default:
        return operator === '<' ? order < 0 : order > 0;
    }
  });
}

/** As many numbers of the version as `like` has. */
function release(version: string, like: string): string {
  return version.split('.').slice(0, like.split('.').length).join('.');
}

function compare(left: string, right: string): number {
  const [mine, theirs] = [left, right].map((version) => version.split('.').map(Number)) as [
    number[],
    number[],
  ];
  for (let at = 0; at < Math.max(mine.length, theirs.length); at += 1) {
    const difference = (mine[at] ?? 0) - (theirs[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Names that a list of Ansible's mixes with further specifiers: ['a>1', '<2', 'b'] is ['a>1,<2', 'b']. */
export function joinSpecifiers(names: readonly string[]): string[] {
  const joined: string[] = [];
  let inBrackets = false;
  for (const part of names.flatMap((name) => name.split(','))) {
    const more = inBrackets || /^\s*(===|==|!=|~=|<=|>=|<|>)/.test(part);
    if (more && joined.length > 0) joined[joined.length - 1] += `,${part}`;
    else joined.push(part);
    if (part.includes('[')) inBrackets = true;
    if (part.includes(']')) inBrackets = false;
  }
  return joined;
}
