import { readFileSync } from 'node:fs';
import { followed, type Sources } from '../../src/config/settings.ts';
import { unsupported } from '../../src/config/unsupported.ts';
import type { State } from './state.ts';

const file = (name: string) => readFileSync(new URL(`../config/${name}`, import.meta.url), 'utf8');
/** ansible-config answered these. */
const compared = file('recorded/cases.yaml');
const own = file('project/ansible.cfg') + file('project.test.ts') + file('problems.test.ts');

/** Settings of ansible.cfg, with our state. */
export function settingRows(): [string, string, State][] {
  const rows = [
    ...Object.values(followed).map((setting) => row(setting, followedState(setting))),
    ...unsupported.map((setting) =>
      row(setting, {
        word: setting.severity === 'error' ? 'not' : 'differs',
        note: setting.severity === 'error' ? setting.hint : `a warning: ${setting.hint}`,
      }),
    ),
  ].sort(([left], [right]) => (left < right ? -1 : 1));
  const others = 'no effect: they speak of output, plugins, temporary files or connections';
  return [...rows, ['all others', '', { word: 'differs', note: others }]];
}

function row({ keys, environment }: Sources, state: State): [string, string, State] {
  const shown = keys.map((key) => `\`[${key.replace('.', ']` `')}\``);
  return [shown.join(', '), environment.map((name) => `\`${name}\``).join(', '), state];
}

function followedState({ keys, environment }: Sources): State {
  const names = keys.map((key) => key.slice(key.indexOf('.') + 1)).join('|');
  const said = new RegExp(`(?:^|\\\\n)\\s*(?:${names})\\s*[=:]|\\b(?:${environment.join('|')})\\b`, 'im');
  const speaks = (text: string) => said.test(text);
  return { word: speaks(compared) ? 'same' : speaks(own) ? 'yes' : 'untested' };
}
