import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExitCode, ProjectError } from '../errors.ts';
import { shipped } from '../shipped.ts';

const folder = fileURLToPath(shipped);
/** What a site of one's own begins with; other inventories and kept state stay behind. */
const inventories = ['prod.yaml', 'group_vars', 'host_vars'];

/**
 * Starts a site of one's own: copies the documented inventory and the playbooks into a new or empty folder.
 * The copy is made beside it and renamed, so that there is a whole site or none.
 * @throws ProjectError when something is in the way
 */
export async function init(directory: string): Promise<ExitCode> {
  const target = resolve(directory);
  refuseWhatIsThere(target);
  mkdirSync(dirname(target), { recursive: true });
  const copy = join(dirname(target), `.${basename(target)}.${process.pid}.part`);
  try {
    mkdirSync(join(copy, 'inventory'), { recursive: true });
    for (const name of inventories) {
      const from = join(folder, 'inventory', name);
      if (existsSync(from))
        cpSync(from, join(copy, 'inventory', name), { recursive: true, dereference: true });
    }
    // Kept keys and passwords.
    writeFileSync(join(copy, '.gitignore'), 'inventory/.foobar/\n');
    cpSync(join(folder, 'playbooks'), join(copy, 'playbooks'), { recursive: true, dereference: true });
    if (existsSync(target))
      for (const name of readdirSync(copy)) renameSync(join(copy, name), join(target, name));
    else renameSync(copy, target);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  const shown = relative(process.cwd(), target) || '.';
  process.stdout.write(
    [
      `${shown === '.' ? 'This folder' : shown} holds an inventory and the playbooks. Write your hosts into inventory/prod.yaml, then:`,
      '',
      ...(shown === '.' ? [] : [`  cd ${shown}`]),
      '  foobar check inventory/prod.yaml',
      '  foobar plan inventory/prod.yaml',
      '',
    ].join('\n'),
  );
  return ExitCode.done;
}

function refuseWhatIsThere(target: string): void {
  if (!existsSync(target)) return;
  if (!statSync(target).isDirectory()) throw refused(`${target} is there and is no folder`);
  if (readdirSync(target).length > 0) throw refused(`${target} is not empty: nothing was copied`);
}

function refused(message: string): ProjectError {
  return new ProjectError([{ message, hint: 'name a new or an empty folder', severity: 'error' }]);
}
