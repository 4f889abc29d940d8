import { normalize } from 'node:path/posix';

/** What an operator's way to a host leads through; a change of any of it can close the way. */
export type AccessWay = 'ssh' | 'firewall' | 'network' | 'sudo' | 'account';

/** What belongs to a way: its files and directories, and the units that read them. */
interface Belongings {
  readonly files: readonly string[];
  readonly units: readonly string[];
}

/** Of Debian and its relatives. What only belongs to the user that logs in is found on the host. */
export const belongings: Readonly<Record<AccessWay, Belongings>> = {
  ssh: {
    files: [
      '/etc/ssh',
      '/etc/default/ssh',
      '/etc/pam.d',
      '/etc/security/access.conf',
      '/etc/nologin',
      '/etc/hosts.allow',
      '/etc/hosts.deny',
    ],
    units: ['ssh.service', 'ssh.socket', 'sshd.service'],
  },
  firewall: {
    files: ['/etc/ufw', '/etc/default/ufw', '/etc/nftables.conf', '/etc/nftables.d', '/etc/iptables'],
    units: ['ufw.service', 'nftables.service', 'netfilter-persistent.service'],
  },
  network: {
    files: [
      '/etc/network',
      '/etc/systemd/network',
      '/etc/systemd/networkd.conf',
      '/etc/netplan',
      '/etc/NetworkManager/system-connections',
    ],
    units: ['systemd-networkd.service', 'networking.service', 'NetworkManager.service'],
  },
  sudo: { files: ['/etc/sudoers', '/etc/sudoers.d', '/etc/doas.conf', '/etc/pam.d'], units: [] },
  account: { files: ['/etc/passwd', '/etc/shadow', '/etc/group', '/etc/gshadow'], units: [] },
};

export const accessWays = Object.keys(belongings) as readonly AccessWay[];

/** The ways that a unit of systemd belongs to. */
export function waysOfUnit(name: string): AccessWay[] {
  const full = /\.[a-z]+$/.test(name) ? name : `${name}.service`;
  return accessWays.filter((way) => belongings[way].units.includes(full));
}

/** The ways that what is at a path belongs to, below it or around it. @param login user that logs in */
export function waysOfPath(path: string, login: string): AccessWay[] {
  const clean = normalize(path).replace(/(?<=.)\/$/, '');
  return accessWays.filter(
    (way) =>
      belongings[way].files.some((root) => overlaps(clean, root)) ||
      (way === 'account' &&
        homesOf(login).some((home) => clean === home || overlaps(clean, `${home}/.ssh`))) ||
      belongings[way].units.some((unit) => isOfUnit(clean, unit)),
  );
}

function overlaps(path: string, root: string): boolean {
  return path === root || path === '/' || path.startsWith(`${root}/`) || root.startsWith(`${path}/`);
}

function homesOf(login: string): readonly string[] {
  return login === 'root' ? ['/root'] : [`/home/${login}`];
}

/** Its file, a link to it, or what is added to it. */
function isOfUnit(path: string, unit: string): boolean {
  const inside = /^\/(?:etc|run|usr\/lib|lib)\/systemd\/system\/(.+)$/.exec(path)?.[1];
  return inside?.split('/').some((part) => part === unit || part === `${unit}.d`) === true;
}
