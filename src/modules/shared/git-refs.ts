/** A working tree as it is. */
export interface Clone {
  /** HEAD; undefined before the first commit. */
  readonly commit: string | undefined;
  /** URL of the remote; empty when there is none. */
  readonly url: string;
  /** Where the repository itself is: GIT_DIR. */
  readonly directory: string;
  /** Tracked files that differ from HEAD. */
  readonly changes: readonly string[];
  /** Submodules that are not checked out. */
  readonly missing: readonly string[];
}

/** What a version stands for in a repository. */
export interface Reference {
  readonly commit: string;
  readonly branch?: string;
  readonly tag?: string;
}

/**
 * Reads HEAD, the remote's URL, the repository's place, the lines of `git status --porcelain`, and those of
 * `git submodule status` that begin with a dash: there is no such line of the former.
 */
export function readClone(said: string): Clone {
  const [commit = '', url = '', directory = '', ...status] = said.split('\n');
  const isMissing = (line: string) => line.startsWith('-');
  return {
    commit: commit === '' ? undefined : commit,
    url,
    directory,
    changes: status.filter((line) => line !== '' && !isMissing(line)),
    missing: status.filter(isMissing).map((line) => line.split(' ')[1] ?? ''),
  };
}

/** Reads `git ls-remote --symref`: name -> commit, and under `symref NAME` what HEAD points to. */
export function readReferences(said: string): Map<string, string> {
  const references = new Map<string, string>();
  for (const line of said.split('\n')) {
    const [value = '', name] = line.split('\t');
    if (name === undefined) continue;
    if (value.startsWith('ref: ')) references.set(`symref ${name}`, value.slice('ref: '.length));
    else references.set(name, value);
  }
  return references;
}

/** HEAD, a branch, or a tag (the commit that an annotated one names), in the order in which Ansible looks. */
export function resolveVersion(
  references: ReadonlyMap<string, string>,
  version: string,
): Reference | undefined {
  if (version === 'HEAD') {
    const branch = references.get('symref HEAD')?.replace(/^refs\/heads\//, '');
    const commit = references.get('HEAD');
    if (commit === undefined) return undefined;
    return branch === undefined ? { commit } : { commit, branch };
  }
  const branch = references.get(`refs/heads/${version}`);
  if (branch !== undefined) return { commit: branch, branch: version };
  const tag = references.get(`refs/tags/${version}^{}`) ?? references.get(`refs/tags/${version}`);
  return tag === undefined ? undefined : { commit: tag, tag: version };
}
