/** What plays, blocks and tasks hand down to everything inside them. */
const inherited = [
  'name',
  'when',
  'tags',
  'become',
  'become_user',
  'become_method',
  'vars',
  'environment',
  'delegate_to',
  'ignore_errors',
  'no_log',
  'run_once',
  'check_mode',
  'collections',
] as const;

const taskOnly = [
  'action',
  'local_action',
  'args',
  'loop',
  'loop_control',
  'with_items',
  'with_list',
  'with_dict',
  'register',
  'notify',
  'changed_when',
  'failed_when',
  'until',
  'retries',
  'delay',
] as const;

/** Ansible's words that foobar knows of and refuses, rather than ignoring what they promise. */
const refusedEverywhere = [
  'any_errors_fatal',
  'become_exe',
  'become_flags',
  'connection',
  'debugger',
  'diff',
  'ignore_unreachable',
  'module_defaults',
  'port',
  'remote_user',
  'throttle',
  'timeout',
] as const;

export const taskKeywords: readonly string[] = [...inherited, ...taskOnly];
export const handlerKeywords: readonly string[] = [...taskKeywords, 'listen'];
export const blockKeywords: readonly string[] = [...inherited, 'block'];
export const importKeywords: readonly string[] = inherited;
export const roleKeywords: readonly string[] = [
  ...inherited.filter((word) => word !== 'name'),
  'role',
  'name',
];
export const playKeywords: readonly string[] = [
  ...inherited.filter((word) => word !== 'when' && word !== 'delegate_to'),
  'hosts',
  'gather_facts',
  'gather_subset',
  'gather_timeout',
  'serial',
  'strategy',
  'order',
  'force_handlers',
  'vars_files',
  'vars_prompt',
  'roles',
  'pre_tasks',
  'tasks',
  'post_tasks',
  'handlers',
];

const refusedIn = {
  task: ['async', 'poll', 'delegate_facts', 'rescue', 'always'],
  block: ['rescue', 'always', 'delegate_facts'],
  play: ['max_fail_percentage', 'fact_path', 'validate_argspec'],
  role: ['delegate_facts'],
} as const;

/** Whether a word of Ansible is refused at this place. */
export function isRefused(word: string, where: keyof typeof refusedIn): boolean {
  return [...refusedEverywhere, ...refusedIn[where]].some((each) => each === word) || isRefusedLoop(word);
}

/** `with_fileglob` and its sisters: lookups that are not loops over a list or mapping. */
function isRefusedLoop(word: string): boolean {
  return /^with_(fileglob|filetree|first_found|flattened|indexed_items|lines|nested|cartesian|random_choice|sequence|subelements|together|inventory_hostnames|file|community\..*)$/.test(
    word,
  );
}

/** What to write instead of a refused word. */
export const refusedHints: Readonly<Record<string, string>> = {
  connection:
    'for the controller itself write delegate_to: localhost, or ansible_connection in the inventory',
  remote_user: 'set ansible_user in the inventory',
  port: 'set ansible_port in the inventory',
  diff: 'no_log: true hides what must not be shown',
  include_tasks: 'import_tasks does the same when the file name is known',
  include_role: 'import_role does the same when the role is known',
  include: 'write import_tasks',
  with_sequence: 'loop: "{{ range(1, 4) }}"',
  with_nested: 'loop: "{{ a | product(b) }}"',
  with_together: 'loop: "{{ a | zip(b) }}"',
  with_flattened: 'loop: "{{ list | flatten }}"',
};

/** Ansible's words that take the place of a module in a task but are not carried out on hosts. */
export const imports: readonly string[] = ['import_tasks', 'import_role'];
export const refusedActions: readonly string[] = [
  'include_tasks',
  'include_role',
  'include',
  'import_playbook',
];

/** Modules whose text is a free form: it is kept whole, only these options are taken out of it. */
export const freeForm: Readonly<Record<string, readonly string[]>> = {
  command: [
    'chdir',
    'creates',
    'removes',
    'stdin',
    'stdin_add_newline',
    'strip_empty_ends',
    'expand_argument_vars',
  ],
  shell: ['chdir', 'creates', 'removes', 'executable', 'stdin', 'stdin_add_newline'],
  raw: ['executable'],
  script: ['chdir', 'creates', 'removes', 'executable'],
};

/** The parameter under which a free form stands in a task's args until the module's own name for it is known. */
export const rawParameter = '_raw_params';

/** The module's name without its collection: `ansible.builtin.apt` and `community.mysql.mysql_user` as short names. */
export function shortName(name: string): string {
  const found = /^\w+\.\w+\.(\w+)$/.exec(name);
  return found === null ? name : (found[1] as string);
}
