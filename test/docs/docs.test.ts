import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Module } from '../../src/modules/contract.ts';
import { loadModule, moduleNames } from '../../src/modules/registry.ts';
import { ansiblePage } from './ansible-page.ts';
import { corpora } from './corpus.ts';
import { modulePage } from './module-page.ts';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
/** `npm run docs` writes what is compared otherwise. */
const writes = process.env.FOOBAR_DOCS === 'write';
const modules = new Map<string, Module>();

beforeAll(async () => {
  for (const name of moduleNames()) modules.set(name, await loadModule(name));
  if (!writes) return;
  rmSync(`${docs}modules`, { recursive: true, force: true });
  mkdirSync(`${docs}modules`, { recursive: true });
});

function page(name: string, text: string): void {
  if (writes) writeFileSync(docs + name, text);
  expect(readFileSync(docs + name, 'utf8'), 'npm run docs writes it anew').toBe(text);
}

describe('docs/', () => {
  it.each(moduleNames())('modules/%s.md says what the module takes', (name) => {
    page(`modules/${name}.md`, modulePage(name, modules.get(name) as Module));
  });

  it('modules/ has a page for each module and no other', () => {
    expect(readdirSync(`${docs}modules`).sort()).toEqual(moduleNames().map((name) => `${name}.md`));
  });

  it("ansible.md says what of Ansible's language there is", () => {
    page('ansible.md', ansiblePage(modules, corpora()));
  });
});
