import { describe, expect, it } from 'vitest';
import module from '../../src/modules/modprobe.ts';

const boot = '/etc/modules-load.d/tun.conf';
const options = '/etc/modprobe.d/tun.conf';

describe('modprobe: what differs', () => {
  const cases: [
    string,
    { modprobe: Record<string, unknown> },
    boolean,
    Record<string, string>,
    Record<string, unknown>,
  ][] = [
    ['is not loaded', { modprobe: { name: 'tun' } }, false, {}, { state: 'present' }],
    ['is loaded', { modprobe: { name: 'tun', state: 'absent' } }, true, {}, { state: 'absent' }],
    ['files are left alone', { modprobe: { name: 'tun', params: 'a=1' } }, true, { [boot]: 'tun\n' }, {}],
    [
      'is to be loaded at boot',
      { modprobe: { name: 'tun', params: 'a=1 b=2', persistent: 'present' } },
      true,
      {},
      { [boot]: 'tun\n', [options]: 'options tun a=1\noptions tun b=2\n' },
    ],
    [
      'is loaded at boot by another file, with these parameters',
      { modprobe: { name: 'tun', params: 'a=1', persistent: 'present' } },
      true,
      {
        '/etc/modules-load.d/all.conf': '# all\ntun # yes\n',
        '/etc/modprobe.d/x.conf': 'options tun a=1\n',
      },
      {},
    ],
    [
      'is loaded at boot with other parameters',
      { modprobe: { name: 'tun', params: 'a=1', persistent: 'present' } },
      true,
      { [boot]: 'tun\n', '/etc/modprobe.d/x.conf': 'options tunnel a=1\noptions tun a=0 ; old\n' },
      {
        '/etc/modprobe.d/x.conf': 'options tunnel a=1\n#options tun a=0 ; old\n',
        [options]: 'options tun a=1\n',
      },
    ],
    [
      'is no longer to be loaded at boot',
      { modprobe: { name: 'tun', state: 'absent', persistent: 'absent' } },
      false,
      { [boot]: 'tun\ntunnel\n', [options]: 'options tun a=1\n' },
      { [boot]: '#tun\ntunnel\n', [options]: '#options tun a=1\n' },
    ],
  ];
  it.each(cases)('%s', (_name, args, loaded, files, expected) => {
    const want = module.params.parse(args.modprobe);
    const found = module.diff(want, { loaded, files: new Map(Object.entries(files)) });
    expect(Object.fromEntries(found.map(({ what, path, to }) => [path ?? what, to]))).toEqual(expected);
  });
});
