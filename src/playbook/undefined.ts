import type { Place, Problem } from '../errors.ts';
import { nearest } from '../problems.ts';
import { type FreeVariable, freeVariables } from '../template/inspect.ts';
import { placeOf } from '../yaml/located.ts';
import type { Play, Task } from './contract.ts';
import type { Entry } from './expand.ts';
import type { KnownNames } from './known.ts';
import { placeInside, type Text, textsOf } from './texts.ts';

/**
 * Finds variables that nothing defines: in a task's texts, and in the values of the variables that these use.
 * A use that may never be evaluated is a warning, unless its name is clearly a misspelt one.
 */
export class UndefinedFinder {
  readonly #known: KnownNames;
  #problems: Problem[] = [];
  #guards: readonly string[] = [];
  readonly #seen = new WeakMap<Play, Map<string, boolean>>();
  readonly #free = new Map<string, readonly FreeVariable[]>();

  constructor(known: KnownNames) {
    this.#known = known;
  }

  /** @param entry the task, and what stands before it */
  find(text: Text, { play, task, conditional, guards }: Entry): Problem[] {
    if (text.lenient) return [];
    this.#problems = [];
    this.#guards = [...guards, ...task.when.map((condition) => condition.text)];
    const isCondition = [...task.when, ...(task.changedWhen ?? []), ...(task.failedWhen ?? [])].some(
      (condition) => condition.text === text.text,
    );
    const certain = task.when.length === 0 || (isCondition && task.when[0]?.text === text.text);
    this.#look(text, play, task, certain && !conditional);
    return this.#problems;
  }

  #look(text: Text, play: Play, task: Task, certain: boolean, nested = false): void {
    for (const { name, guarded, line } of this.#freeIn(text)) {
      if (guarded || this.#guards.some((condition) => isGuarded(name, condition))) continue;
      if (nested && this.#known.isLoopVariable(name)) continue;
      const state = this.#known.knows(name, play, task);
      if (state === 'yes') this.#follow(name, text, play, task, certain);
      else {
        const sure = certain && !isBranching(text.text);
        this.#report(name, state, placeInside(text, name, line), play, task, sure);
      }
    }
  }

  #freeIn(text: Text): readonly FreeVariable[] {
    const key = `${text.kind} ${text.text}`;
    let names = this.#free.get(key);
    if (names === undefined) {
      try {
        names = freeVariables(text.text, text.kind);
      } catch {
        names = [];
      }
      this.#free.set(key, names);
    }
    return names;
  }

  /** The templates inside a variable's value, once a play. */
  #follow(name: string, from: Text, play: Play, task: Task, certain: boolean): void {
    const seen = this.#seen.get(play) ?? new Map<string, boolean>();
    this.#seen.set(play, seen);
    const definitions = this.#known.definitions(name, play, task);
    for (const layer of definitions) {
      const place = placeOf(layer.values, name) ?? from.place;
      const key = `${place.file}:${place.line}:${place.column} ${name}`;
      const sure = certain && definitions.length === 1 && !isBranching(from.text);
      if (seen.get(key) === true || (!sure && seen.has(key))) continue;
      seen.set(key, sure);
      for (const text of textsOf(layer.values[name], place)) this.#look(text, play, task, sure, true);
    }
  }

  #report(
    name: string,
    state: 'no' | 'elsewhere',
    place: Place,
    play: Play,
    task: Task,
    certain: boolean,
  ): void {
    if (state === 'elsewhere') {
      const message = `variable ${name} is defined for other hosts only, not for those of ${play.hosts}`;
      this.#problems.push({ message, place, severity: 'warning' });
      return;
    }
    const meant = nearest(name, this.#known.candidates(play, task));
    const misspelt = meant !== undefined && name.length >= 5 && withoutDigits(meant) !== withoutDigits(name);
    this.#problems.push({
      message: `nothing defines the variable ${name}`,
      place,
      hint: name === 'item' ? 'this task has no loop' : meant && `did you mean ${meant}?`,
      severity: !this.#known.isOpen(play) && (certain || misspelt) ? 'error' : 'warning',
    });
  }
}

/** `x is defined`, `x | default(...)` and the like anywhere in the text. */
function isGuarded(name: string, text: string): boolean {
  if (!text.includes(name) || !/default|\bd\b|defined/.test(text)) return false;
  const path = `(?<![\\w.'"])${name}(?:\\.\\w+|\\[[^\\]]*\\]|\\(\\))*`;
  return new RegExp(
    `${path}\\s*\\)*\\s*(?:\\|\\s*(?:default|d)\\b|is\\s+(?:not\\s+)?(?:undefined|defined)\\b)`,
  ).test(text);
}

/** Parts of it may never be evaluated. */
function isBranching(text: string): boolean {
  return /\{%-?\+?\s*(if|for|elif|else|macro)\b/.test(text) || /\b(if|and|or)\b/.test(text);
}

function withoutDigits(word: string): string {
  return word.replace(/\d+/g, '');
}
