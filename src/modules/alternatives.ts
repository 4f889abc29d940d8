import { z } from 'zod';
import { NotYet } from '../errors.ts';
import { stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { type Change, state } from './contract.ts';
import { type Alternatives, parseAlternatives, type Subcommand } from './shared/alternatives.ts';
import { hostPath, integer, moduleParams, text } from './shared/params.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

const subcommand = z.strictObject({
  name: text.describe('Name of the further link.'),
  path: hostPath.describe('What it points to.'),
  link: hostPath.describe('Where it is.'),
});

const params = moduleParams({
  name: text.describe('Name of the link, such as editor.'),
  path: hostPath.describe('Program that the link is to point to.'),
  link: hostPath.optional().describe('Where the link is; needed for a name that is not there yet.'),
  priority: integer.optional().describe('Weight in automatic mode. Default: as it is, else 50.'),
  state: z
    .enum(['present', 'selected', 'absent', 'auto'])
    .default('selected')
    .describe(
      'present: can be chosen; selected: is chosen; auto: can be chosen, and the weightiest is; absent: cannot be chosen.',
    ),
  subcommands: z
    .array(subcommand)
    .optional()
    .describe('Further links that change along with it, such as manual pages.')
    .meta({ aliases: ['slaves'] }),
});
type Want = z.output<typeof params>;

export default state<Want, Alternatives | undefined>({
  summary: 'Manage which program a generic name such as editor means.',
  params,

  async have(want, host) {
    const { code, stdout } = await host.look(sh`LC_ALL=C update-alternatives --query ${want.name}`, {
      expect: 'any',
    });
    if (code === 127) throw new NotYet(`update-alternatives is not installed on ${host.name}`);
    const have = code === 0 ? parseAlternatives(stdout) : undefined;
    if (want.state !== 'absent' && needsInstall(want, have)) {
      if ((await host.ask(stat, { path: want.path, follow: true })) === undefined)
        throw new NotYet(`Specified path ${want.path} does not exist`);
      if (want.link === undefined && have === undefined)
        throw new NotYet(
          'Needed to install the alternative, but unable to do so as we are missing the link',
          'give it as link',
        );
    }
    return have;
  },

  diff(want, have) {
    const there = have?.all.find(({ path }) => path === want.path);
    if (want.state === 'absent')
      return there === undefined ? [] : [{ what: 'alternative', from: want.path, to: null }];
    const list: Change[] = [];
    if (there === undefined) list.push({ what: 'alternative', from: null, to: want.path });
    else {
      if (want.priority !== undefined && want.priority !== there.priority)
        list.push({ what: 'priority', from: there.priority, to: want.priority });
      if (want.subcommands !== undefined && !alike(want.subcommands, there.subcommands))
        list.push({ what: 'subcommands', from: names(there.subcommands), to: names(want.subcommands) });
    }
    if (want.state === 'selected' && have?.current !== want.path)
      list.push({ what: 'selected', from: have?.current ?? null, to: want.path });
    if (want.state === 'auto' && have?.mode === 'manual')
      list.push({ what: 'mode', from: 'manual', to: 'auto' });
    return list;
  },

  async fix(changes, want, have, host) {
    const differs = (what: string) => changes.some((change) => change.what === what);
    const { name, path } = want;
    const said: string[] = [];
    if (want.state === 'absent') {
      await host.run(sh`update-alternatives --remove ${name} ${path}`);
      said.push(`Remove alternative '${path}' from '${name}'.`);
    } else if (needsInstall(want, have)) said.push(`Install alternative '${path}' for '${name}'.`);
    if (differs('selected')) said.push(`Set alternative '${path}' for '${name}'.`);
    if (differs('mode')) said.push(`Set alternative to auto for '${name}'.`);
    rememberFor(want, { msg: said.join(' ') });
    if (want.state === 'absent') return;
    if (needsInstall(want, have)) {
      const there = have?.all.find((each) => each.path === path);
      const subcommands = (want.subcommands ?? there?.subcommands ?? []).flatMap((each) => [
        '--slave',
        each.link,
        each.name,
        each.path,
      ]);
      const priority = want.priority ?? there?.priority ?? 50;
      const link = want.link ?? have?.link ?? '';
      await host.run(sh`update-alternatives --install ${link} ${name} ${path} ${priority} ${subcommands}`);
    }
    if (differs('selected')) await host.run(sh`update-alternatives --set ${name} ${path}`);
    if (differs('mode')) await host.run(sh`update-alternatives --auto ${name}`);
  },

  result: (want) => ({ msg: '', ...rememberedFor(want) }),
});

function needsInstall(want: Want, have: Alternatives | undefined): boolean {
  const there = have?.all.find(({ path }) => path === want.path);
  return (
    there === undefined ||
    (want.priority !== undefined && want.priority !== there.priority) ||
    (want.subcommands !== undefined && !alike(want.subcommands, there.subcommands))
  );
}

function alike(left: readonly Subcommand[], right: readonly Subcommand[]): boolean {
  return names(left) === names(right);
}

function names(list: readonly Subcommand[]): string {
  return list
    .map(({ name, path, link }) => `${name}: ${link} -> ${path}`)
    .sort()
    .join(', ');
}
