import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/config/configuration.ts';
import { site } from '../commands/site.ts';

function problemsOf(files: Record<string, string>, environment: Record<string, string> = {}) {
  const folder = site(files);
  const { problems } = readConfiguration({
    workingDirectory: folder,
    home: join(folder, 'home'),
    environment,
  });
  return problems.map(({ severity, message, place }) =>
    [severity, place?.line ?? '', message.replaceAll(`${folder}/`, '')].join(' ').replace('  ', ' '),
  );
}

describe('what of a configuration is not obeyed', () => {
  it.each([
    ['defaults', 'hash_behaviour = merge', "error 2 Ansible's hash_behaviour = merge is not supported"],
    ['defaults', 'hash_behaviour = replace', undefined],
    [
      'defaults',
      'host_key_checking = False',
      "warning 2 Ansible's host_key_checking = False is not supported",
    ],
    ['defaults', 'host_key_checking = True', undefined],
    ['defaults', 'ask_pass = yes', undefined],
    [
      'defaults',
      'error_on_undefined_vars = no',
      "warning 2 Ansible's error_on_undefined_vars = no is not supported",
    ],
    ['defaults', 'library = ./library', "warning 2 Ansible's library = ./library is not supported"],
    ['defaults', 'filter_plugins = ./none', undefined],
    ['defaults', 'nocows = 1', undefined],
    ['defaults', 'no_such_setting = 1', undefined],
    ['defaults', 'strategy = mitogen_linear', undefined],
    ['defaults', 'strategy = debug', 'error 2 strategy is "debug"'],
    ['defaults', 'gathering = never', 'error 2 gathering is "never"'],
    ['defaults', 'transport = paramiko', 'error 2 transport is "paramiko"'],
    ['privilege_escalation', 'become_method = sudo', undefined],
    ['privilege_escalation', 'become_method = su', undefined],
    ['privilege_escalation', 'become_method = pbrun', 'error 2 become_method is "pbrun"'],
    ['privilege_escalation', 'become_ask_pass = True', undefined],
    ['privilege_escalation', 'become_ask_pass = False', undefined],
    ['ssh_connection', 'pipelining = True', undefined],
    [
      'ssh_connection',
      'ssh_executable = /opt/ssh',
      "warning 2 Ansible's ssh_executable = /opt/ssh is not supported",
    ],
    ['paramiko_connection', 'host_key_auto_add = True', undefined],
  ])('[%s] %s', (section, line, expected) => {
    const files = { 'ansible.cfg': `[${section}]\n${line}\n`, 'library/own.py': '' };
    expect(problemsOf(files)).toEqual(expected === undefined ? [] : [expected]);
  });

  it('stands in the environment too', () => {
    expect(problemsOf({ x: '' }, { ANSIBLE_HASH_BEHAVIOUR: 'merge', ANSIBLE_FORKS: 'many' })).toEqual([
      'error ANSIBLE_FORKS is "many"',
      "error Ansible's ANSIBLE_HASH_BEHAVIOUR = merge is not supported",
    ]);
  });

  it('is a mistake of the file', () => {
    expect(problemsOf({ 'ansible.cfg': '[defaults]\nforks = 1\nforks = 2\n' })).toEqual([
      "error 3 'forks' is there twice",
    ]);
    expect(problemsOf({ 'other.txt': '' }, { ANSIBLE_CONFIG: 'other.txt' })).toEqual([
      'error ANSIBLE_CONFIG: the name of other.txt ends neither in .cfg nor in .ini',
    ]);
  });
});
