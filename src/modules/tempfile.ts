import { z } from 'zod';
import { stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { action } from './contract.ts';
import { hostPath, moduleParams } from './shared/params.ts';
import { pathInfo } from './shared/path-info.ts';

const part = z.string().refine((text) => !text.includes('/'), { error: 'cannot hold a slash' });

const params = moduleParams({
  state: z.enum(['file', 'directory']).default('file').describe('What to make.'),
  path: hostPath.default('/tmp').describe('The directory to make it in.'),
  prefix: part.default('ansible.').describe('What its name starts with.'),
  suffix: part.default('').describe('What its name ends with.'),
});

export default action<z.output<typeof params>>({
  summary: 'Make a temporary file or directory that only its owner can read.',
  params,
  effect: 'changes',

  async run({ state, path, prefix, suffix }, host) {
    const kind = state === 'directory' ? ['-d'] : [];
    const { stdout } = await host.run(sh`mktemp ${kind} -- ${`${path}/${prefix}XXXXXXXX${suffix}`}`);
    const made = stdout.replace(/\n$/, '');
    return { changed: true, values: { path: made, ...pathInfo(await host.ask(stat, { path: made })) } };
  },
});
