import { z } from 'zod';
import { type FileStat, stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { action } from './contract.ts';
import { formatMode } from './shared/mode.ts';
import { ansibleBoolean, hostPath, moduleParams } from './shared/params.ts';

const params = moduleParams({
  path: hostPath.describe('The file to look at.').meta({ aliases: ['dest', 'name'] }),
  follow: ansibleBoolean.default(false).describe('Look at what a symbolic link points to.'),
  get_checksum: ansibleBoolean.default(true).describe('Return the checksum of a regular file.'),
  checksum_algorithm: z
    .enum(['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'])
    .default('sha1')
    .describe('How the checksum is made.')
    .meta({ aliases: ['checksum', 'checksum_algo'] }),
});

export default action<z.output<typeof params>>({
  summary: 'Retrieve facts of a file.',
  params,
  effect: 'reads',

  async run({ path, follow, get_checksum, checksum_algorithm }, host) {
    const found = await host.ask(stat, { path, follow });
    if (found === undefined) return { changed: false, values: { stat: { exists: false } } };
    const values = fileFacts(found);
    if (found.type === 'link')
      values.lnk_source = (await host.look(sh`readlink -m -- ${path}`)).stdout.replace(/\n$/, '');
    if (found.type === 'file' && get_checksum) {
      const summed = await host.look(sh`${`${checksum_algorithm}sum`} -- ${path}`);
      values.checksum = summed.stdout.replace(/^\\/, '').split(' ', 1)[0];
    }
    return { changed: false, values: { stat: values } };
  },
});

/** What Ansible's stat module returns of a file that exists. */
export function fileFacts(found: FileStat): Record<string, unknown> {
  const { type, mode } = found;
  const bit = (mask: number) => (mode & mask) !== 0;
  return {
    exists: true,
    path: found.path,
    mode: formatMode(mode),
    isreg: type === 'file',
    isdir: type === 'directory',
    islnk: type === 'link',
    isfifo: type === 'fifo',
    issock: type === 'socket',
    isblk: type === 'block device',
    ischr: type === 'character device',
    uid: found.uid,
    gid: found.gid,
    pw_name: found.owner,
    gr_name: found.group,
    size: found.size,
    inode: found.inode,
    dev: found.device,
    nlink: found.links,
    atime: found.accessed,
    mtime: found.modified,
    ctime: found.changed,
    rusr: bit(0o400),
    wusr: bit(0o200),
    xusr: bit(0o100),
    rgrp: bit(0o40),
    wgrp: bit(0o20),
    xgrp: bit(0o10),
    roth: bit(0o4),
    woth: bit(0o2),
    xoth: bit(0o1),
    isuid: bit(0o4000),
    isgid: bit(0o2000),
    executable: bit(0o111),
    ...(found.target === undefined ? {} : { lnk_target: found.target }),
  };
}
