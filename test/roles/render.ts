import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderTemplateFile, renderValue } from '../../src/template/render.ts';
import { Scope } from '../../src/template/scope.ts';
import { readYamlFile } from '../../src/yaml/located.ts';

const playbooks = join(import.meta.dirname, '../../playbooks');

export interface Fleet {
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly hostvars: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Four hosts: the balancer also watches, the servers are web server and database at once. */
export const fleet: Fleet = {
  groups: {
    all: ['balancer1', 'server1', 'server2', 'server3'],
    balancer: ['balancer1'],
    web: ['server1', 'server2', 'server3'],
    database: ['server1', 'server2', 'server3'],
    monitoring: ['balancer1'],
  },
  hostvars: {
    balancer1: { address: '198.18.0.10', address6: 'fd00:198:18::10' },
    server1: { address: '198.18.0.11', address6: 'fd00:198:18::11' },
    server2: { address: '198.18.0.12', address6: '' },
    server3: { address: '198.18.0.13', address6: '' },
  },
};

const inventory = readYamlFile(join(playbooks, '../inventory/lab.yaml')) as {
  readonly all: { readonly vars: { readonly flows: Readonly<Record<string, unknown>> } };
};
export const { flows } = inventory.all.vars;

/** What the inventory says, and what a run would make or ask for. */
const given = {
  flows,
  site_names: ['www.foobar.com', 'foobar.com'],
  site_database_password: 'it\'s "quoted"',
  foobar_state: '/nowhere',
};

export interface Rendering {
  readonly host?: string;
  readonly fleet?: Fleet;
  readonly variables?: Readonly<Record<string, unknown>>;
}

function defaultsOf(role: string): Record<string, unknown> {
  return readYamlFile(join(playbooks, 'roles', role, 'defaults/main.yaml')) as Record<string, unknown>;
}

/** The variables that a role's template sees on a host. */
export function roleScope(
  role: string,
  { host = 'server1', fleet: used = fleet, variables = {} }: Rendering = {},
) {
  const group_names = Object.keys(used.groups)
    .filter((group) => group !== 'all' && used.groups[group]?.includes(host))
    .sort();
  return new Scope(
    [
      { origin: 'shared defaults', values: defaultsOf('site') },
      { origin: 'defaults', values: defaultsOf(role) },
      { origin: 'inventory', values: { ...given, ...used.hostvars[host] } },
      { origin: 'test', values: variables },
      {
        origin: 'magic',
        literal: true,
        values: { inventory_hostname: host, group_names, groups: used.groups, hostvars: used.hostvars },
      },
    ],
    { searchDirectories: [join(playbooks, 'roles', role), playbooks], check: true },
  );
}

/** A role's template as the host would get it. */
export function renderTemplate(role: string, template: string, rendering: Rendering = {}): string {
  const own = join(playbooks, 'roles', role, 'templates', template);
  const file = existsSync(own) ? own : join(playbooks, 'templates', template);
  return renderTemplateFile(readFileSync(file, 'utf8'), file, roleScope(role, rendering));
}

/** A variable of a role as a task would see it. */
export function renderVariable(role: string, name: string, rendering: Rendering = {}): unknown {
  return renderValue(`{{ ${name} }}`, roleScope(role, rendering));
}
