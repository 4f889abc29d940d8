import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Lab, labOf, networkOf, testFolder } from '../support.ts';

/** Two hosts that began as the same: Ansible provisions one of them from itself, foobar the other over SSH. */
export interface Twins {
  /** inventory_hostname on both sides. */
  readonly name: string;
  readonly ansible: string;
  readonly foobar: string;
}

const pairs: readonly Twins[] = ['one', 'two', 'three', 'four', 'five'].map((name, index) => ({
  name,
  ansible: `ansible${index + 1}`,
  foobar: `foobar${index + 1}`,
}));
/** For playbooks of several hosts, which have to wait now and then; and pairs for the others meanwhile. */
export const fleet = pairs.slice(0, 3);
export const singles = pairs.slice(3);

/** With playbooks named, the twins are left standing for the next try, in a lab of their own. */
export const chosen = process.env.DIFFERENTIAL;
export const folder = chosen ? resolve('.foobar/standing') : testFolder;

/** The lab of all twins, not yet up. */
export function twinLab(): Lab {
  const file = join(folder, 'differential.yaml');
  const octet = networkOf(chosen ? 'standing' : 'differential');
  const hosts = pairs.flatMap(({ ansible, foobar }, index) => [
    `    ${ansible}: { ansible_host: 198.18.${octet}.1${index + 1} }`,
    `    ${foobar}: { ansible_host: 198.18.${octet}.2${index + 1} }`,
  ]);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, ['all:', '  vars: { lab_image: twin }', '  hosts:', ...hosts, ''].join('\n'));
  return labOf(file);
}

/** Gives twins the same name, and the first of Ansible's a key to the others. */
export async function prepare(lab: Lab): Promise<void> {
  await lab.up();
  const key = readFileSync(join(lab.directory, 'id_ed25519'), 'utf8');
  const known = readFileSync(join(lab.directory, 'known_hosts'), 'utf8');
  const quickModules = readFileSync('test/differential/quick_modules.py', 'utf8');
  const script = (name: string, host: string) =>
    [
      'set -e',
      `hostname ${name}`,
      `echo ${name} > /etc/hostname`,
      `sed -i 's/\\b${host}\\b/${name}/' /etc/hosts`,
      `mkdir -p ${results} ${keys}/ansiballz ${keys}/compiled`,
      `cat > ${packages}/quick_modules.py`,
      `echo import quick_modules > ${packages}/quick_modules.pth`,
    ].join('\n');
  for (const { name, ansible, foobar } of pairs) {
    await Promise.all([ansible, foobar].map((host) => lab.exec(host, script(name, host), quickModules)));
    await lab.exec(ansible, `umask 077; cat > ${keys}/key`, key);
    await lab.exec(ansible, `cat > ${keys}/known_hosts`, known);
    await lab.ask(ansible, serveModules);
  }
}

/** Where playbooks put the results that are compared; a variable of the inventory too. */
export const results = '/var/lib/differential';
const keys = '/var/lib/twin';
/** Where Python of the twins looks for packages and runs what *.pth say. */
const packages = '/usr/local/lib/python3.13/dist-packages';

/** A reboot ends it, and modules start as ever. */
const serveModules = `[ -S ${keys}/modules ] || setsid /usr/bin/python3 -c 'import quick_modules
exec(quick_modules.serve())' </dev/null >/dev/null 2>&1 &`;

/** Connection variables of a host, for each side's host_vars. */
export function connections(lab: Lab, twins: Twins, controller: Twins) {
  const login = (host: string, key: string, known: string) => ({
    ansible_host: lab.address(host),
    ansible_user: 'root',
    ansible_ssh_private_key_file: key,
    ansible_ssh_common_args: `-o UserKnownHostsFile=${known}`,
  });
  return {
    ansible:
      twins === controller
        ? { ansible_connection: 'local' }
        : login(twins.ansible, `${keys}/key`, `${keys}/known_hosts`),
    foobar: login(twins.foobar, join(lab.directory, 'id_ed25519'), join(lab.directory, 'known_hosts')),
  };
}
