import type { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { contents } from '../host/queries/contents.ts';
import { stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { type Context, state } from './contract.ts';
import { backupResult } from './shared/backup.ts';
import { md5Of, sha1Of } from './shared/content.ts';
import { replacingParams } from './shared/editing.ts';
import { assembled, type Fragment, fragmentNames, localFragments } from './shared/fragments.ts';
import { ansibleBoolean, hostPath, moduleParams, remotePath, text } from './shared/params.ts';
import { pathInfo } from './shared/path-info.ts';
import { fixPlace, lookAt, type Place, placeChanges } from './shared/placing.ts';

const params = moduleParams({
  src: remotePath.min(1).describe('Directory with the fragments.'),
  dest: hostPath.describe('The file to put together.'),
  remote_src: ansibleBoolean
    .default(true)
    .describe('Whether src is a directory of the host; no looks for it in files/ of the controller.'),
  delimiter: text.optional().describe('A line between two fragments; \\n and the like are read.'),
  regexp: text.optional().describe("Take only fragments whose names match, in Python's syntax."),
  ignore_hidden: ansibleBoolean.default(false).describe('Leave out fragments whose names begin with a dot.'),
  ...replacingParams,
});
type Want = z.output<typeof params>;

export default state<Want, Place>({
  summary: 'Put a file together from fragments.',
  params,

  async have(want, host, context) {
    const fragments = want.remote_src ? await remoteFragments(want, host) : chosen(want, context);
    const content = assembled(fragments, want.delimiter, !want.remote_src);
    return lookAt(want.dest, { content }, placing(want), host);
  },

  diff: (want, have) => placeChanges(have, placing(want)),

  async fix(_changes, want, have, host) {
    await fixPlace(have, placing(want), host, want);
  },

  result(want, { source, there }) {
    const content = 'content' in source ? source.content : Buffer.alloc(0);
    return {
      dest: want.dest,
      src: want.src,
      checksum: sha1Of(content),
      md5sum: md5Of(content),
      ...(want.remote_src ? { msg: 'OK' } : {}),
      ...pathInfo(there),
      ...backupResult(want),
    };
  },
});

function placing(want: Want) {
  return { ...want, force: true, follow: false };
}

function chosen(want: Want, context: Context): Fragment[] {
  const all = new Map(localFragments(context.find('files', want.src)).map((it) => [it.name, it]));
  return fragmentNames([...all.keys()], want).map((name) => all.get(name)!);
}

async function remoteFragments(want: Want, host: HostReader): Promise<Fragment[]> {
  if (!want.src.startsWith('/'))
    throw new TaskFailure(`src ${want.src} must be an absolute path of the host`);
  const folder = want.src.replace(/\/+$/, '');
  const found = await host.ask(stat, { path: want.src, follow: true });
  if (found === undefined) throw new NotYet(`Source (${want.src}) does not exist`);
  if (found.type !== 'directory') throw new TaskFailure(`Source (${want.src}) is not a directory`);
  const { stdout } = await host.look(sh`find ${folder}/ -mindepth 1 -maxdepth 1 -xtype f -printf '%f\\0'`);
  const names = fragmentNames(
    stdout.split('\0').filter((name) => name !== ''),
    want,
  );
  const read = await Promise.all(names.map((name) => host.ask(contents, `${folder}/${name}`)));
  return names.map((name, index) => ({ name, content: read[index] ?? Buffer.alloc(0) }));
}
