import { type Place, type Problem, ProjectError } from '../errors.ts';
import { didYouMean } from '../problems.ts';
import { keyPlaceOf, readYamlFile } from '../yaml/located.ts';
import { isReserved, keywordsOf, type Where } from './keywords.ts';

/** Gathers the mistakes of one reading, so that all of them are shown at once. */
export class Report {
  readonly problems: Problem[] = [];
  /** Where files of roles were looked for, and found: many plays use the same roles. */
  readonly roleFiles = new Map<string, string | undefined>();
  /** What was read already: many includes may name the same file. */
  readonly files: Map<string, unknown>;
  readonly #said = new Set<string>();
  readonly #later = new Set<Problem>();

  constructor(files: Map<string, unknown> = new Map()) {
    this.files = files;
  }

  mistake(place: Place | undefined, message: string, hint?: string): void {
    this.problems.push({ message, place, hint, severity: 'error' });
  }

  /**
   * A module of Ansible's that is not here. Its task is there all the same, and fails when its turn comes.
   * @param mayBeMissed the task may never run: a warning, which is given once
   */
  failsLater(place: Place | undefined, message: string, mayBeMissed: boolean): void {
    if (mayBeMissed && this.#said.has(message)) return;
    this.#said.add(message);
    const problem: Problem = {
      message,
      place,
      hint: mayBeMissed ? 'a task fails that gets to it' : undefined,
      severity: mayBeMissed ? 'warning' : 'error',
      unsupported: true,
    };
    this.problems.push(problem);
    this.#later.add(problem);
  }

  /** Whether there are mistakes that no task of its own fails with. */
  get isUnusable(): boolean {
    return this.problems.some((problem) => problem.severity === 'error' && !this.#later.has(problem));
  }

  /** Whether names may be defined in what could not be read, or by a module that is not here. */
  get isIncomplete(): boolean {
    const definesNames = /_facts is not supported$/;
    return this.problems.some(
      (problem) =>
        problem.severity === 'error' && (!this.#later.has(problem) || definesNames.test(problem.message)),
    );
  }

  warn(place: Place | undefined, message: string, hint?: string): void {
    this.problems.push({ message, place, hint, severity: 'warning' });
  }

  refuse(place: Place | undefined, word: string, hint?: string): void {
    const message = `Ansible's ${word} is not supported`;
    this.problems.push({ message, place, hint, severity: 'error', unsupported: true });
  }

  /** A file's YAML; undefined when it has mistakes, which are noted. */
  read(file: string): unknown {
    try {
      const value = this.files.has(file) ? this.files.get(file) : readYamlFile(file);
      this.files.set(file, value);
      return value;
    } catch (error) {
      if (!(error instanceof ProjectError)) throw error;
      this.problems.push(...error.problems);
      return undefined;
    }
  }

  /** Notes every key that is none of the known ones. */
  keys(node: Record<string, unknown>, where: Where, what: string, more: readonly string[] = []): void {
    const known = keywordsOf(where);
    for (const key of Object.keys(node))
      if (!known.includes(key) && !more.includes(key))
        this.mistake(
          keyPlaceOf(node, key),
          `${what} has no keyword ${key}`,
          didYouMean(key, [...known, ...more]),
        );
  }

  /** Notes names of variables that Ansible refuses, or has another meaning for. */
  names(values: Record<string, unknown>): void {
    for (const name of Object.keys(values)) {
      const place = keyPlaceOf(values, name);
      if (!/^[A-Za-z_]\w*$/.test(name)) {
        const near = name.replaceAll('-', '_');
        const hint = /^[A-Za-z_]\w*$/.test(near) ? `did you mean ${near}?` : undefined;
        this.mistake(place, `${name} is not a variable name: letters, digits and _`, hint);
      } else if (isReserved(name))
        this.warn(place, `the variable ${name} has the name of something of Ansible's own`);
    }
  }
}
