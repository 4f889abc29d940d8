import { TaskFailure } from '../../errors.ts';

/** One line of a sources.list file as Ansible's apt_repository reads it. */
interface Line {
  readonly valid: boolean;
  readonly enabled: boolean;
  readonly source: string;
  readonly comment: string;
}

/** Path -> lines. */
export type SourceFiles = ReadonlyMap<string, readonly Line[]>;

const kinds = ['deb', 'deb-src'];

export function parseSources(text: string): Line[] {
  return (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map(parseLine);
}

function parseLine(text: string): Line {
  let line = text.trim();
  const enabled = !line.startsWith('#');
  if (!enabled) line = line.slice(1);
  const at = line.indexOf('#');
  const comment = at > 0 ? line.slice(at + 1).trim() : '';
  const source = (at > 0 ? line.slice(0, at) : line).trim();
  const words = source.split(/\s+/);
  const valid = kinds.includes(words[0]!);
  return { valid, enabled, source: valid ? words.join(' ') : source, comment };
}

/** The text of a file: Ansible writes every line in its own way. */
export function sourcesText(lines: readonly Line[]): string {
  return lines
    .map(
      ({ enabled, source, comment }) => `${enabled ? '' : '# '}${source}${comment ? ` # ${comment}` : ''}\n`,
    )
    .join('');
}

/** The repository of a task, in the writing that files are compared in. Throws for what is none. */
export function repositoryOf(repo: string): string {
  const { valid, enabled, source } = parseLine(repo);
  if (valid && enabled) return source;
  throw new TaskFailure(
    `Invalid repository string: ${repo}`,
    'expected one line such as: deb https://mirror.example.org/debian trixie main',
  );
}

/** The files with the repository in them: enabled again where it was commented out, else in a file of its own. */
export function withRepository(files: SourceFiles, repo: string, file: string): Map<string, readonly Line[]> {
  const result = new Map(files);
  let found = false;
  for (const [path, lines] of files) {
    if (!lines.some((line) => line.valid && line.source === repo)) continue;
    found = true;
    result.set(
      path,
      lines.map((line) => (line.valid && line.source === repo ? { ...line, enabled: true } : line)),
    );
  }
  if (found) return result;
  const line = { valid: true, enabled: true, source: repo, comment: '' };
  return result.set(file, [...(files.get(file) ?? []), line]);
}

/** The files without it; one that is commented out stays. */
export function withoutRepository(files: SourceFiles, repo: string): Map<string, readonly Line[]> {
  return new Map(
    [...files].map(([path, lines]) => [
      path,
      lines.filter((line) => !(line.valid && line.enabled && line.source === repo)),
    ]),
  );
}

/** The name of the file that a repository gets: made of its host and path, as Ansible does it. */
export function suggestedFile(repo: string): string {
  const words = repo
    .replaceAll(/\[[^\]]+\]/g, '')
    .replaceAll(/\w+:\/\//g, '')
    .split(/\s+/)
    .filter((word) => word !== '' && !kinds.includes(word));
  const place = (words[0] ?? '').replace(/^[^@]*@/, '');
  return place
    .replaceAll(/[^a-zA-Z0-9]/g, ' ')
    .trim()
    .split(/ +/)
    .join('_');
}
