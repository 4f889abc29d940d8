import { type Place, type Problem, ProjectError } from '../errors.ts';
import { didYouMean } from '../problems.ts';
import { keyPlaceOf, readYamlFile } from '../yaml/located.ts';
import { isRefused, refusedHints } from './keywords.ts';

/** Gathers the mistakes of one reading, so that all of them are shown at once. */
export class Report {
  readonly problems: Problem[] = [];

  mistake(place: Place | undefined, message: string, hint?: string): void {
    this.problems.push({ message, place, hint, severity: 'error' });
  }

  warn(place: Place | undefined, message: string, hint?: string): void {
    this.problems.push({ message, place, hint, severity: 'warning' });
  }

  refuse(place: Place | undefined, word: string): void {
    this.mistake(place, `Ansible's ${word} is not supported yet`, refusedHints[word]);
  }

  /** A file's YAML; undefined when it has mistakes, which are noted. */
  read(file: string): unknown {
    try {
      return readYamlFile(file);
    } catch (error) {
      if (!(error instanceof ProjectError)) throw error;
      this.problems.push(...error.problems);
      return undefined;
    }
  }

  /** Notes every key that is none of the known ones. */
  keys(
    node: Record<string, unknown>,
    known: readonly string[],
    where: 'task' | 'block' | 'play' | 'role',
    what: string,
  ): void {
    for (const key of Object.keys(node)) {
      if (known.includes(key)) continue;
      const place = keyPlaceOf(node, key);
      if (isRefused(key, where)) {
        if (node[key] !== false) this.refuse(place, key);
      } else this.mistake(place, `${what} has no keyword ${key}`, didYouMean(key, known));
    }
  }
}
