import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/config/configuration.ts';
import type { Settings } from '../../src/config/settings.ts';
import { readYamlFile } from '../../src/yaml/located.ts';

interface Case {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly writable?: boolean;
}

/** What test/config/recorded/record.py had ansible-core answer; null for an error. */
const recorded = fileURLToPath(new URL('recorded/', import.meta.url));
const cases = readYamlFile(join(recorded, 'cases.yaml')) as Case[];
const answers = JSON.parse(readFileSync(join(recorded, 'answers.json'), 'utf8')) as Record<
  string,
  Record<string, unknown> | null
>;

/** Ansible's names for what is compared. */
const theirs: Readonly<Partial<Record<keyof Settings, string>>> = {
  anyErrorsFatal: 'ANY_ERRORS_FATAL',
  askVaultPass: 'DEFAULT_ASK_VAULT_PASS',
  become: 'DEFAULT_BECOME',
  becomeUser: 'DEFAULT_BECOME_USER',
  connection: 'DEFAULT_TRANSPORT',
  diff: 'DIFF_ALWAYS',
  forceHandlers: 'DEFAULT_FORCE_HANDLERS',
  forks: 'DEFAULT_FORKS',
  gathering: 'DEFAULT_GATHERING',
  inventory: 'DEFAULT_HOST_LIST',
  noLog: 'DEFAULT_NO_LOG',
  pollInterval: 'DEFAULT_POLL_INTERVAL',
  port: 'DEFAULT_REMOTE_PORT',
  privateKey: 'DEFAULT_PRIVATE_KEY_FILE',
  skipTags: 'TAGS_SKIP',
  sshArgs: 'ssh.ssh_args',
  sshCommonArgs: 'ssh.ssh_common_args',
  sshExtraArgs: 'ssh.ssh_extra_args',
  strategy: 'DEFAULT_STRATEGY',
  tags: 'TAGS_RUN',
  taskTimeout: 'TASK_TIMEOUT',
  timeout: 'ssh.timeout',
  user: 'DEFAULT_REMOTE_USER',
  vaultEncryptIdentity: 'DEFAULT_VAULT_ENCRYPT_IDENTITY',
  vaultIdentityList: 'DEFAULT_VAULT_IDENTITY_LIST',
  vaultPasswordFile: 'DEFAULT_VAULT_PASSWORD_FILE',
};

const root = mkdtempSync(join(tmpdir(), 'foobar-config-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function read({ name, files, environment = {}, writable }: Case) {
  const place = join(root, name.replaceAll(/\W/g, '-'));
  const within = (text: string) => text.replaceAll('$ROOT', place);
  for (const folder of ['project', 'home']) mkdirSync(join(place, folder), { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(place, file)), { recursive: true });
    writeFileSync(join(place, file), text);
  }
  if (writable) chmodSync(join(place, 'project'), 0o777);
  const given = Object.entries(environment).map(([key, value]) => [key, within(value)]);
  const configuration = readConfiguration({
    workingDirectory: join(place, 'project'),
    home: join(place, 'home'),
    environment: { HOME: join(place, 'home'), ...Object.fromEntries(given) },
  });
  return { configuration, shown: JSON.parse(JSON.stringify(configuration).replaceAll(place, '$ROOT')) };
}

describe('a configuration is read as ansible-config reads it', () => {
  it.each(cases)('$name', (each) => {
    const { configuration, shown } = read(each);
    const errors = configuration.problems.filter(({ severity }) => severity === 'error');
    const answer = answers[each.name];
    if (answer === null || answer === undefined) {
      expect(answer).toBeNull();
      expect(errors).toHaveLength(1);
      return;
    }
    expect(errors).toEqual([]);
    expect(shown.file ?? null).toEqual(answer.CONFIG_FILE);
    for (const [ours, name] of Object.entries(theirs))
      expect({ [ours]: shown[ours] }).toEqual({ [ours]: answer[name] });
    // Facts are kept between runs with every plugin but the one for memory, which is the default.
    expect(shown.factCaching ?? false).toBe(!['memory', undefined].includes(answer.CACHE_PLUGIN as string));
    if (answer.DEFAULT_ROLES_PATH) expect(shown.rolesPath).toEqual(answer.DEFAULT_ROLES_PATH);
    else expect(shown.rolesPath[0]).toBe('$ROOT/home/.ansible/roles');
  });

  it('has an answer for each', () => {
    expect(Object.keys(answers).sort()).toEqual(cases.map(({ name }) => name).sort());
  });
});
