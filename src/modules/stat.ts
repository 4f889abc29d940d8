import { z } from 'zod';
import type { HostReader } from '../host/contract.ts';
import { type FileStat, stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { real } from '../yaml/float.ts';
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
  get_mime: ansibleBoolean
    .default(true)
    .describe('Return the type and encoding that file(1) of the host tells, where it is installed.')
    .meta({ aliases: ['mime', 'mime_type', 'mime-type'] }),
  get_attributes: ansibleBoolean
    .default(true)
    .describe('Return the attributes that lsattr(1) of the host tells.')
    .meta({ aliases: ['attr', 'attributes'] }),
});

export default action<z.output<typeof params>>({
  summary: 'Retrieve facts of a file.',
  params,
  effect: 'reads',

  async run({ path, follow, get_checksum, checksum_algorithm, get_mime, get_attributes }, host) {
    const found = await host.ask(stat, { path, follow });
    if (found === undefined) return { changed: false, values: { stat: { exists: false } } };
    const values = fileFacts(found);
    Object.assign(values, await moreFacts(path, { follow, get_mime, get_attributes }, host));
    if (found.type === 'link')
      values.lnk_source = (await host.look(sh`readlink -m -- ${path}`)).stdout.replace(/\n$/, '');
    if (found.type === 'file' && get_checksum) {
      const summed = await host.look(sh`${`${checksum_algorithm}sum`} -- ${path}`);
      values.checksum = summed.stdout.replace(/^\\/, '').split(' ', 1)[0];
    }
    return { changed: false, values: { stat: values } };
  },
});

/** What the file system does not keep in the stat record. */
async function moreFacts(
  path: string,
  want: { follow: boolean; get_mime: boolean; get_attributes: boolean },
  host: HostReader,
): Promise<Record<string, unknown>> {
  const follow = want.follow ? ['-L'] : [];
  const { stdout } = await host.look(sh`p=${path}
for t in r w x; do [ -$t "$p" ] && printf 1 || printf 0; done; echo
stat ${follow} -c '%b %o %Hr %Lr' -- "$p" || echo '0 0 0 0'
${want.get_attributes ? sh`lsattr -vd -- "$p" 2>/dev/null || echo` : sh`echo`}
${want.get_mime ? sh`file --mime-type --mime-encoding -- "$p" 2>/dev/null || echo` : sh`echo`}`);
  const [access = '', numbers = '', attributes = '', mime = ''] = stdout.split('\n');
  const [blocks = 0, block_size = 0, major = 0, minor = 0] = numbers.split(' ').map(Number);
  const [version, flags = ''] = attributes.trim().split(/\s+/);
  const letters = flags.replaceAll('-', '');
  const described = /: ([^;]+); charset=(.+)$/.exec(mime);
  return {
    readable: access[0] === '1',
    writeable: access[1] === '1',
    executable: access[2] === '1',
    blocks,
    block_size,
    device_type: (major << 8) | minor,
    ...(want.get_attributes
      ? {
          version: version || null,
          attr_flags: letters,
          attributes: [...letters].flatMap((letter) => attributeNames[letter] ?? []),
        }
      : {}),
    ...(want.get_mime ? { mimetype: described?.[1] ?? 'unknown', charset: described?.[2] ?? 'unknown' } : {}),
  };
}

/** Letters of lsattr(1) with the words that Ansible has for them. */
const attributeNames: Record<string, string> = {
  A: 'noatime',
  a: 'append',
  c: 'compressed',
  C: 'nocow',
  d: 'nodump',
  D: 'dirsync',
  e: 'extents',
  E: 'encrypted',
  h: 'blocksize',
  i: 'immutable',
  I: 'indexed',
  j: 'journalled',
  N: 'inline',
  s: 'zero',
  S: 'synchronous',
  t: 'notail',
  T: 'blockroot',
  u: 'undelete',
  X: 'compressedraw',
  Z: 'compresseddirty',
};

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
    atime: real(found.accessed),
    mtime: real(found.modified),
    ctime: real(found.changed),
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
    ...(found.target === undefined ? {} : { lnk_target: found.target }),
  };
}
