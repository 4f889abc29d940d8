import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import type { Place, Problem } from './errors.ts';

/**
 * The candidate that a word was most likely meant to be: at most a third of its letters differ
 * (letters swapped count once), or only case and `-`/`_`.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll('-', '_');
  const limit = Math.max(1, Math.floor(word.length / 3));
  const own = letters(word);
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    if (candidate === word || Math.abs(candidate.length - word.length) > Math.min(limit, bestDistance))
      continue;
    const others = letters(candidate);
    // Each edit does away with one foreign letter at most.
    if (bits(own & ~others) > limit || bits(others & ~own) > limit) continue;
    const edits = plain(candidate) === plain(word) ? 0 : editDistance(word, candidate);
    if (edits > limit) continue;
    const distance = edits + foreignLetters(word, candidate) / 100;
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** The letters of a word as a set of bits; some letters share one. */
function letters(word: string): number {
  let set = 0;
  for (let index = 0; index < word.length; index++) set |= 1 << (word.charCodeAt(index) & 31);
  return set;
}

function bits(set: number): number {
  let count = 0;
  for (let rest = set; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Letters of one word that the other does not have: between equally near words, "taks" is rather "tasks" than "tags". */
function foreignLetters(left: string, right: string): number {
  const rest = [...right];
  let foreign = 0;
  for (const letter of left) {
    const at = rest.indexOf(letter);
    if (at < 0) foreign++;
    else rest.splice(at, 1);
  }
  return foreign + rest.length;
}

/** "did you mean x?", when one of the candidates is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const best = nearest(word, candidates);
  return best === undefined ? undefined : `did you mean ${best}?`;
}

/** Optimal string alignment distance: insert, delete, replace, swap neighbours. */
function editDistance(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(
        (last[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (last[column - 1] as number) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] as number) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[right.length] as number;
}

/** A path as a person would type it: relative to the working directory when it lies inside it. */
export function shownPath(file: string, directory = process.cwd()): string {
  const path = relative(directory, file);
  return path === '' || path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path) ? file : path;
}

/** "did you mean x?", when a file of nearly that name stands beside a path that leads nowhere. */
export function didYouMeanFile(path: string): string | undefined {
  try {
    const meant = nearest(basename(path), readdirSync(dirname(path)));
    return meant && `did you mean ${join(dirname(path), meant)}?`;
  } catch {
    return undefined;
  }
}

/** Sorted by file, line and column, each once; without a place first. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const key = (problem: Problem) => JSON.stringify([problem.place ?? null, problem.message]);
  const unique = new Map<string, Problem>();
  for (const problem of problems) {
    const seen = unique.get(key(problem));
    if (seen === undefined || (seen.severity === 'warning' && problem.severity === 'error'))
      unique.set(key(problem), problem);
  }
  return [...unique.values()].sort((left, right) => comparePlaces(left.place, right.place));
}

function comparePlaces(left: Place | undefined, right: Place | undefined): number {
  if (left === undefined || right === undefined)
    return Number(left !== undefined) - Number(right !== undefined);
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return left.line - right.line || left.column - right.column;
}

/** Everything a person needs to mend the problems: place, message, the line with a caret, hint; a summary last. */
export function problemText(problems: readonly Problem[], directory = process.cwd()): string {
  const sorted = sortProblems(problems);
  const lines = new Map<string, readonly string[]>();
  const blocks = sorted.map((problem) => oneProblem(problem, directory, lines));
  return [...blocks, summary(sorted)].join('\n');
}

function oneProblem(problem: Problem, directory: string, cache: Map<string, readonly string[]>): string {
  const { place } = problem;
  const warning = problem.severity === 'warning' ? 'warning: ' : '';
  const rows: string[] = [];
  if (place === undefined) rows.push(`${warning}${problem.message}`);
  else {
    rows.push(
      `${shownPath(place.file, directory)}:${place.line}:${place.column}: ${warning}${problem.message}`,
    );
    const line = fileLines(place.file, cache)[place.line - 1];
    if (line !== undefined && line.trim() !== '') rows.push(...excerpt(line, place));
  }
  if (problem.hint !== undefined) rows.push(`  ${problem.hint}`);
  return `${rows.join('\n')}\n`;
}

const widest = 100;

function excerpt(line: string, place: Place): string[] {
  const start = place.column > widest ? place.column - widest / 2 : 0;
  const shown = line.slice(start, start + widest).replaceAll('\t', ' ');
  const number = String(place.line);
  const caret = Math.max(0, Math.min(place.column - 1 - start, shown.length));
  return [`  ${number} | ${shown}`, `  ${' '.repeat(number.length)} | ${' '.repeat(caret)}^`];
}

function fileLines(file: string, cache: Map<string, readonly string[]>): readonly string[] {
  let lines = cache.get(file);
  if (lines === undefined) {
    try {
      const text = readFileSync(file, 'utf8');
      // What stands at a place of an encrypted file is not for the terminal.
      lines = text.startsWith('$ANSIBLE_VAULT') ? [] : text.split(/\r?\n/);
    } catch {
      lines = [];
    }
    cache.set(file, lines);
  }
  return lines;
}

function summary(problems: readonly Problem[]): string {
  const warnings = problems.filter((problem) => problem.severity === 'warning').length;
  const errors = problems.length - warnings;
  const parts = [];
  if (errors > 0) parts.push(`${errors} ${errors === 1 ? 'mistake' : 'mistakes'}`);
  if (warnings > 0) parts.push(`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`);
  return parts.join(', ');
}
