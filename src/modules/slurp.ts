import type { z } from 'zod';
import { NotYet } from '../errors.ts';
import { stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { action } from './contract.ts';
import { hostPath, moduleParams } from './shared/params.ts';

const params = moduleParams({
  src: hostPath.describe('The file to read.').meta({ aliases: ['path'] }),
});

export default action<z.output<typeof params>>({
  summary: 'Read a file from hosts, as Base64.',
  params,
  effect: 'reads',

  async run({ src }, host) {
    const found = await host.ask(stat, { path: src, follow: true });
    if (found === undefined) throw new NotYet(`${src} does not exist on ${host.name}`);
    if (found.type === 'directory')
      return { changed: false, failed: `${src} is a directory on ${host.name}` };
    const { stdout } = await host.look(sh`base64 -w0 -- ${src}`);
    return { changed: false, values: { content: stdout.trim(), encoding: 'base64', source: src } };
  },
});
