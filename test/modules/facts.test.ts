import { describe, expect, it } from 'vitest';
import { installedPackages } from '../../src/host/queries/package_facts.ts';
import { serviceFacts } from '../../src/host/queries/service_facts.ts';

describe('package_facts', () => {
  it('names foreign architectures, and the origin of the first source that has the version', () => {
    const said = `amd64
adduser\t3.152\tall\tadmin
libc6\t2.41-12\tamd64\tlibs
libc6\t2.41-12\ti386\tlibs
own\t1\tamd64\tmisc
--
Package files:
 100 /var/lib/dpkg/status
     release a=now
 500 http://example.org/debian trixie/main amd64 Packages
     release v=13.7,o=Debian,a=stable,n=trixie,l=Debian,c=main,b=amd64
     origin example.org
--
adduser:
  Installed: 3.152
  Candidate: 3.153
  Version table:
     3.153 500
        500 http://other.example.org/debian trixie/main amd64 Packages
 *** 3.152 500
        500 http://example.org/debian trixie/main amd64 Packages
        100 /var/lib/dpkg/status
own:
  Installed: 1
  Candidate: 1
  Version table:
 *** 1 100
        100 /var/lib/dpkg/status
`;
    const [packages] = installedPackages.parse(Buffer.from(said), [undefined]);
    expect(packages?.map(({ name, origin }) => [name, origin])).toEqual([
      ['adduser', 'Debian'],
      ['libc6', ''],
      ['libc6:i386', ''],
      ['own', ''],
    ]);
  });
});

describe('service_facts', () => {
  it('joins init scripts, units and unit files as Ansible does', () => {
    const said = ` [ + ]  cron
 [ - ]  sudo
--
UNIT LOAD ACTIVE SUB DESCRIPTION
cron.service loaded active running Regular background program
gone.service not-found inactive dead gone.service
once.service loaded active exited Something done once
broken.service loaded failed failed Something that broke
--
UNIT FILE STATE PRESET
cron.service enabled enabled
sshd.service alias -
getty@.service enabled enabled
once.service static -
broken.service enabled enabled
gone.service masked enabled

6 unit files listed.
--
Id=ssh.service
Names=ssh.service sshd.service
ActiveState=active
`;
    const [services] = serviceFacts.parse(Buffer.from(said), [undefined]);
    const short = Object.values(services!).map(({ name, state, status }) => [name, state, status].join(' '));
    expect(short).toEqual([
      'cron running ',
      'sudo stopped ',
      'cron.service running enabled',
      'gone.service stopped not-found',
      'once.service stopped static',
      'broken.service stopped failed',
      'sshd.service active alias',
      'getty@.service unknown enabled',
    ]);
  });
});
