import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { type Command, rawShell, sh } from '../host/sh.ts';
import { action } from './contract.ts';
import { ansibleBoolean, ansibleList, anyPath, hostPath, text, withAliases } from './shared/params.ts';
import { installedPackages, joinSpecifiers, parseRequirement, satisfies } from './shared/python-packages.ts';
import { splitWords } from './shared/words.ts';

const verbs = {
  present: ['install'],
  absent: ['uninstall', '-y'],
  latest: ['install', '-U'],
  forcereinstall: ['install', '-U', '--force-reinstall'],
};

const params = withAliases(
  z
    .strictObject({
      name: ansibleList.optional().describe('Packages, with versions (django>=4,<5) or as URLs and paths.'),
      version: text.optional().describe('Version of the one package.'),
      requirements: text.optional().describe('File of the host that lists packages.'),
      state: z
        .enum(['present', 'absent', 'latest', 'forcereinstall'])
        .default('present')
        .describe('Whether the packages are there, and how new.'),
      virtualenv: anyPath
        .optional()
        .describe('Directory of a virtual environment, which is made when it is not there.'),
      virtualenv_site_packages: ansibleBoolean
        .default(false)
        .describe("A new virtual environment shows the host's packages too."),
      virtualenv_command: anyPath
        .default('virtualenv')
        .describe('Command that makes a virtual environment, such as python3 -m venv.'),
      virtualenv_python: text.optional().describe('Python for virtualenv.'),
      extra_args: text.optional().describe('Further arguments for pip.'),
      editable: ansibleBoolean.default(false).describe('Install as editable (-e).'),
      chdir: hostPath.optional().describe('Directory of the host to run pip in. Default: /tmp.'),
      executable: anyPath
        .optional()
        .describe('pip to use, such as pip3.11, where it is not that of python3.'),
      umask: text
        .pipe(z.string().regex(/^[0-7]{1,4}$/, 'umask must be an octal integer'))
        .optional()
        .describe('Permissions that new files must not have, octal.'),
      break_system_packages: ansibleBoolean
        .default(false)
        .describe('Install beside packages of the distribution (PEP 668).'),
    })
    .superRefine((want, context) => {
      const complain = (message: string) => context.addIssue({ code: 'custom', message });
      if ((want.name === undefined) === (want.requirements === undefined))
        complain('exactly one of name and requirements is required');
      if (want.executable !== undefined && want.virtualenv !== undefined)
        complain('parameters are mutually exclusive: executable|virtualenv');
      if (want.state === 'latest' && want.version !== undefined)
        complain('version is incompatible with state=latest');
      const named = joinSpecifiers(want.name ?? []);
      if (want.version !== undefined && named.length > 1)
        complain("'version' argument is ambiguous when installing multiple package distributions.");
      else if (want.version !== undefined && /[=<>~!]/.test(named[0] ?? ''))
        complain(
          "The 'version' argument conflicts with any version specifier provided along with a package name.",
        );
    }),
);
type Want = z.output<typeof params>;

export default action<Want>({
  summary: 'Manage Python packages with pip.',
  params,
  effect: 'changes',

  async settled(want, host) {
    if (!['present', 'absent'].includes(want.state) || want.extra_args || want.editable) return undefined;
    const requirements = packagesOf(want).map(parseRequirement);
    if (requirements.length === 0 || requirements.includes(undefined)) return undefined;
    const found = await listed(want, host);
    if (found === undefined) return undefined;
    const settled = requirements.every((each) => {
      const version = found.get(each!.name);
      if (want.state === 'absent') return version === undefined;
      return version !== undefined && satisfies(version, each!) === true;
    });
    if (!settled) return undefined;
    const skipped = `already ${want.state}: ${packagesOf(want).join(', ')}`;
    const cmd = [...(await findPip(want, host)), ...verbs[want.state], ...packagesOf(want)];
    return { changed: false, skipped, values: { ...answer(want, cmd), stdout: '', stderr: '' } };
  },

  async run(want, host) {
    const options = { expect: 'any' as const, directory: want.chdir ?? '/tmp' };
    const environment = environmentOf(want);
    let made: string | undefined;
    if (environment !== undefined && !(await hasEnvironment(environment, host))) {
      const output = await host.job(
        `pip ${environment}`,
        masked(want, makeEnvironment(want, environment)),
        options,
      );
      if (output.code === 127)
        throw new TaskFailure(
          `Failed to find required executable "${splitWords(want.virtualenv_command)[0]}" in paths`,
          'virtualenv_command: python3 -m venv needs the package python3-venv only',
        );
      if (output.code !== 0)
        throw new TaskFailure(`stdout: ${output.stdout}\n:stderr: ${output.stderr}`.trim());
      made = output.stdout;
    }
    const pip = await findPip(want, host);
    const names = packagesOf(want);
    const editable = want.editable && !splitWords(want.extra_args ?? '').includes('-e') ? ['-e'] : [];
    const words = [
      ...verbs[want.state],
      ...splitWords(want.extra_args ?? ''),
      ...editable,
      ...(want.requirements === undefined ? names : ['-r', want.requirements]),
    ];
    const compares =
      want.requirements !== undefined || names.some((name) => /^(git|hg|svn|bzr)\+/.test(name));
    const before = compares ? await listing(want, host) : undefined;
    const output = await host.job(`pip ${words.join(' ')}`, masked(want, sh`${pip} ${words}`), options);
    const said = output.stdout;
    // What a job says is followed on stderr; what it says there itself comes after.
    const { stderr: followed } = output;
    const stderr = followed.startsWith(said) ? followed.slice(said.length) : followed;
    const gone = want.state === 'absent' && /not installed/.test(said + stderr);
    if (output.code !== 0 && !(output.code === 1 && gone))
      throw new TaskFailure(`stdout: ${said}\n:stderr: ${stderr}`.trim());
    const done =
      want.state === 'absent'
        ? said.includes('Successfully uninstalled')
        : before === undefined
          ? said.includes('Successfully installed')
          : before !== (await listing(want, host));
    return {
      changed: done || made !== undefined,
      values: {
        ...answer(want, [...pip, ...words]),
        stdout: (made ?? '') + said,
        stderr,
      },
    };
  },
});

/** Keys of Ansible's result. */
function answer(want: Want, cmd: readonly string[]): Record<string, unknown> {
  return {
    cmd,
    name: want.name ?? null,
    version: want.version ?? null,
    state: want.state,
    requirements: want.requirements ?? null,
    virtualenv: environmentOf(want) ?? null,
  };
}

/** The packages with `version` put to the only one. */
function packagesOf(want: Want): string[] {
  const names = want.name === undefined ? [] : joinSpecifiers(want.name);
  if (want.version === undefined || names.length !== 1) return names;
  const separator = /^\d/.test(want.version.trim()) ? '==' : '';
  return [`${names[0]}${separator}${want.version.trim()}`];
}

function environmentOf({ virtualenv, chdir }: Want): string | undefined {
  if (virtualenv === undefined || virtualenv.startsWith('/')) return virtualenv;
  return `${chdir ?? '/tmp'}/${virtualenv}`;
}

async function hasEnvironment(path: string, host: HostReader): Promise<boolean> {
  return (await host.look(sh`[ -e ${`${path}/bin/activate`} ]`, { expect: [0, 1] })).code === 0;
}

/** The words that start pip. Throws a TaskFailure where there is none. */
async function findPip(want: Want, host: HostReader): Promise<string[]> {
  const environment = environmentOf(want);
  const { stdout } = await host.look(
    environment !== undefined
      ? sh`for p in ${[`${environment}/bin/pip3`, `${environment}/bin/pip`]}; do [ ! -x "$p" ] || { echo "$p"; break; }; done`
      : want.executable !== undefined
        ? sh`command -v -- ${want.executable}`
        : rawShell(
            'if python3 -c "import pip" 2>/dev/null; then echo python3; echo -m; echo pip; else command -v pip3; fi',
          ),
    { expect: 'any' },
  );
  const words = stdout.split('\n').filter((word) => word !== '');
  if (words.length > 0) return words;
  if (environment !== undefined)
    throw new TaskFailure(
      `Unable to find pip in the virtualenv, ${environment}, under any of these names: pip3, pip. Make sure pip is present in the virtualenv.`,
    );
  throw new TaskFailure(
    `Unable to find any of ${want.executable ?? 'pip3'} to use.  pip needs to be installed.`,
    `on ${host.name}: apt: name=python3-pip`,
  );
}

async function listing(want: Want, host: HostReader): Promise<string> {
  const pip = await findPip(want, host);
  return (await host.look(sh`LC_ALL=C.UTF-8 ${pip} list --format=freeze 2>/dev/null || ${pip} freeze`))
    .stdout;
}

/** What is installed; undefined when nothing can be asked yet. */
async function listed(want: Want, host: HostReader): Promise<Map<string, string> | undefined> {
  const environment = environmentOf(want);
  if (environment !== undefined && !(await hasEnvironment(environment, host))) return undefined;
  try {
    return installedPackages(await listing(want, host));
  } catch (error) {
    // Whether pip comes with an earlier task is for `run` to find out.
    if (error instanceof TaskFailure) return undefined;
    throw error;
  }
}

function makeEnvironment(want: Want, environment: string): Command {
  const words = splitWords(want.virtualenv_command);
  const venv = words[0] === 'pyvenv' || words.join(' ').includes('-m venv');
  if (venv && want.virtualenv_python !== undefined)
    throw new TaskFailure(
      'virtualenv_python should not be used when using the venv module or pyvenv as virtualenv_command',
    );
  const site = want.virtualenv_site_packages ? ['--system-site-packages'] : [];
  const python = venv ? [] : [`-p${want.virtualenv_python ?? 'python3'}`];
  return sh`${words} ${site} ${python} ${environment}`;
}

/** A command with the umask, PATH and permission that were asked for. */
function masked(want: Want, command: Command): Command {
  const environment = environmentOf(want);
  const lines = [
    ...(want.umask === undefined ? [] : [sh`umask ${want.umask}`]),
    ...(environment === undefined ? [] : [sh`PATH=${`${environment}/bin`}:$PATH; export PATH`]),
    ...(want.break_system_packages ? [rawShell('export PIP_BREAK_SYSTEM_PACKAGES=1')] : []),
    command,
  ];
  return rawShell(lines.map((line) => line.text).join('\n'));
}
