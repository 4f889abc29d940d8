/** A further link that an alternative brings along. */
export interface Subcommand {
  readonly name: string;
  readonly path: string;
  readonly link: string;
}

export interface Alternative {
  readonly path: string;
  readonly priority: number;
  readonly subcommands: readonly Subcommand[];
}

/** What update-alternatives knows of a name. */
export interface Alternatives {
  readonly link: string;
  readonly mode: 'auto' | 'manual';
  /** Path of the one in use; undefined when the link is broken. */
  readonly current: string | undefined;
  readonly all: readonly Alternative[];
}

/** Reads `update-alternatives --query NAME`: update-alternatives(1), QUERY FORMAT. */
export function parseAlternatives(text: string): Alternatives {
  const [head = '', ...rest] = text.split(/\n\n+/);
  const links = new Map(list(head, 'Slaves'));
  const value = field(head, 'Value');
  return {
    link: field(head, 'Link') ?? '',
    mode: field(head, 'Status') === 'manual' ? 'manual' : 'auto',
    current: value === 'none' ? undefined : value,
    all: rest
      .filter((part) => field(part, 'Alternative') !== undefined)
      .map((part) => ({
        path: field(part, 'Alternative')!,
        priority: Number(field(part, 'Priority')),
        subcommands: list(part, 'Slaves').map(([name, path]) => ({
          name,
          path,
          link: links.get(name) ?? '',
        })),
      })),
  };
}

function field(part: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1];
}

/** A field of several lines, each with a name and a path. */
function list(part: string, name: string): [string, string][] {
  const [, lines = ''] = new RegExp(`^${name}:\\n((?: .*\\n?)*)`, 'm').exec(part) ?? [];
  return [...lines.matchAll(/^ (\S+) (.*)$/gm)].map(([, key = '', path = '']) => [key, path]);
}
