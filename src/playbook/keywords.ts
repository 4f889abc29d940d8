/** Where Ansible takes a keyword. */
export type Where = 'play' | 'role' | 'block' | 'task' | 'handler' | 'import';

/** What a keyword's value must be, as far as it is written out. `any`: looked at where it is used. */
export type Kind = 'boolean' | 'number' | 'text' | 'any';

export interface Keyword {
  readonly where: readonly Where[];
  readonly kind: Kind;
  /** `same`: means what it means to Ansible. */
  readonly state: 'same' | 'differs' | 'refused';
  /** How it differs, or what to write instead. */
  readonly note?: string;
}

const base: readonly Where[] = ['play', 'role', 'block', 'task', 'handler', 'import'];
const below: readonly Where[] = ['role', 'block', 'task', 'handler'];
const tasks: readonly Where[] = ['task', 'handler'];
const play: readonly Where[] = ['play'];
const block: readonly Where[] = ['block'];

function same(where: readonly Where[], kind: Kind = 'any'): Keyword {
  return { where, kind, state: 'same' };
}

function differs(where: readonly Where[], kind: Kind, note: string): Keyword {
  return { where, kind, state: 'differs', note };
}

/**
 * Every keyword of ansible-core 2.19 and where it may stand: the field attributes of its Play, RoleInclude, Block,
 * Task, Handler and PlaybookInclude.
 */
export const keywords: Readonly<Record<string, Keyword>> = {
  action: same(tasks),
  always: same(block),
  any_errors_fatal: same(base, 'boolean'),
  args: same(tasks),
  async: same(tasks, 'number'),
  become: same(base, 'boolean'),
  become_exe: same(base, 'text'),
  become_flags: same(base, 'text'),
  become_method: differs(base, 'text', 'sudo, su and doas'),
  become_user: same(base, 'text'),
  block: same(block),
  changed_when: same(tasks),
  check_mode: same(base, 'boolean'),
  collections: same(['play', ...below]),
  connection: differs(base, 'text', 'ssh and local only'),
  debugger: differs(base, 'text', 'there is no debugger: it never starts'),
  delay: same(tasks, 'number'),
  delegate_facts: same(below, 'boolean'),
  delegate_to: same(below, 'text'),
  diff: same(base, 'boolean'),
  environment: same(base),
  fact_path: same(play, 'text'),
  failed_when: same(tasks),
  force_handlers: same(play, 'boolean'),
  gather_facts: same(play),
  gather_subset: same(play),
  gather_timeout: same(play, 'number'),
  handlers: same(play),
  hosts: same(play),
  ignore_errors: same(base, 'boolean'),
  ignore_unreachable: same(base, 'boolean'),
  listen: same(['handler']),
  local_action: same(tasks),
  loop: same(tasks),
  loop_control: same(tasks),
  max_fail_percentage: same(play),
  module_defaults: same(base),
  name: same(base),
  no_log: same(base, 'boolean'),
  notify: same(['block', 'task', 'handler']),
  order: same(play),
  poll: same(tasks, 'number'),
  port: same(base, 'number'),
  post_tasks: same(play),
  pre_tasks: same(play),
  register: same(tasks),
  remote_user: same(base, 'text'),
  rescue: same(block),
  retries: same(tasks, 'number'),
  role: same(['role']),
  roles: same(play),
  run_once: same(base, 'boolean'),
  serial: same(play),
  strategy: differs(play, 'text', 'linear, free and host_pinned'),
  tags: same(base),
  tasks: same(play),
  throttle: same(base, 'number'),
  timeout: same(base, 'number'),
  until: same(tasks),
  user: same(play),
  vars: same(base),
  vars_files: same(play),
  vars_prompt: same(play),
  when: same([...below, 'import']),
};

/** The keywords that may stand at one place. */
export function keywordsOf(where: Where): readonly string[] {
  return lists[where];
}

const listOf = (where: Where) =>
  Object.keys(keywords).filter((word) => keywords[word]?.where.includes(where));

const lists: Readonly<Record<Where, readonly string[]>> = {
  play: listOf('play'),
  role: listOf('role'),
  block: listOf('block'),
  task: listOf('task'),
  handler: listOf('handler'),
  import: listOf('import'),
};

/** What may stand beside include_tasks and include_role; everything else belongs to what is included (`apply`). */
export const includeKeywords: readonly string[] =
  `action args collections debugger ignore_errors loop loop_control name no_log register run_once tags timeout
  vars when local_action`.split(/\s+/);

/** Ansible's words that take the place of a module in a task but are not carried out on hosts. */
export const inclusions: readonly string[] = ['import_tasks', 'import_role', 'include_tasks', 'include_role'];

/** Modules whose text is a free form: it is kept whole, only a few options are taken out of it. */
export const freeForm: readonly string[] = ['command', 'shell', 'raw', 'script'];

/** Modules besides these that take words which are not name=value. */
export const rawWords: readonly string[] = [
  ...freeForm,
  ...inclusions,
  'include_vars',
  'add_host',
  'group_by',
  'set_fact',
  'meta',
];

/** The parameter under which a free form stands in a task's args until the module's own name for it is known. */
export const rawParameter = '_raw_params';

/** Whether Ansible warns of a variable of this name: it is a keyword's or a global function's. */
export function isReserved(name: string): boolean {
  const functions = 'range lookup query q now dict lipsum cycler joiner namespace undef'.split(' ');
  const free = ['gather_subset', 'user', 'role'];
  return (Object.hasOwn(keywords, name) && !free.includes(name)) || functions.includes(name);
}
