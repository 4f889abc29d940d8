import { TaskFailure } from '../../errors.ts';

interface Dependency {
  readonly version?: string;
  readonly missing?: unknown;
  readonly invalid?: unknown;
}

/**
 * What `npm list --json --long` says is there (by name, and by name@version) and what is missing.
 * @param wanted name or name@version that must be there too
 */
export function readNpmList(
  stdout: string,
  wanted: string | undefined,
): { installed: string[]; missing: string[] } {
  let dependencies: Record<string, Dependency>;
  try {
    const read = JSON.parse(stdout.trim() || '{}') as { dependencies?: Record<string, Dependency> };
    dependencies = read.dependencies ?? {};
  } catch (error) {
    throw new TaskFailure(`Failed to parse NPM output with error ${(error as Error).message}`);
  }
  const installed: string[] = [];
  const missing: string[] = [];
  for (const [name, { version, missing: gone, invalid }] of Object.entries(dependencies))
    if (gone || invalid) missing.push(name);
    else installed.push(name, ...(version ? [`${name}@${version}`] : []));
  if (wanted !== undefined && !installed.includes(wanted)) {
    const name = wanted.replace(/(?<=.)@.*$/, '');
    if (!missing.includes(name)) missing.push(name);
  }
  return { installed, missing };
}
