import { readFileSync } from 'node:fs';

/** What ansible-doc says of a parameter. */
export interface RecordedOption {
  readonly type?: string;
  readonly required?: boolean;
  readonly choices?: readonly unknown[];
  readonly default?: unknown;
  readonly aliases?: readonly string[];
}

export interface RecordedModule {
  readonly summary: string;
  readonly options: Readonly<Record<string, RecordedOption>>;
  readonly returns: Readonly<Record<string, string>>;
}

/** What ansible-core and our collections say of themselves: written by record.py. */
export interface Reference {
  readonly version: string;
  readonly keywords: Readonly<Record<string, readonly string[]>>;
  /** By full name: ansible.builtin.apt. */
  readonly modules: Readonly<Record<string, RecordedModule>>;
  readonly filters: Readonly<Record<string, string>>;
  readonly tests: Readonly<Record<string, string>>;
  readonly lookups: Readonly<Record<string, string>>;
  readonly meta: readonly string[];
  readonly magic: readonly string[];
  /** By program; options with all their spellings. */
  readonly options: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export const reference = JSON.parse(
  readFileSync(new URL('recorded/ansible.json', import.meta.url), 'utf8'),
) as Reference;
