/** A change that keeps its operator out, or an accident in the middle of one. */
export interface Lockout {
  readonly name: string;
  /** On which of the lab's hosts, one after the other. */
  readonly host: 'balancer1' | 'server1' | 'server2' | 'server3';
  /** YAML of the tasks. */
  readonly tasks: string;
  readonly handlers?: string;
  /** What happens as soon as /run/lockout is on the host: to the controller, or to the host itself. */
  readonly accident?: 'kill' | 'reboot';
  /** Shell on the host before and after it. */
  readonly prepare?: string;
  readonly tidy?: string;
  /** What is said of it, besides that it was put back. */
  readonly says?: RegExp;
  /** It is tried in every run of the suite, the others when FOOBAR_LOCKOUT asks for them by a pattern of their names. */
  readonly usual?: true;
  /** Nothing was changed in the first place. */
  readonly refused?: true;
}

const sshd = (line: string): string => `
- name: Settings of sshd
  copy: { dest: /etc/ssh/sshd_config.d/00-lockout.conf, content: "${line}\\n", mode: "0600" }
  notify: Restart sshd`;
const restart = `
- name: Restart sshd
  systemd: { name: ssh, state: restarted }`;
/** Begun on the host, and under way for longer than the host waits for a confirmation. */
const linger = `
- name: Linger
  shell: ": >/run/lockout; sleep {{ confirm_timeout + 10 }}"`;
const slowRestart = `${restart}${linger}
  listen: Restart sshd`;
const slowly = guarded(': >/run/lockout; sleep {{ confirm_timeout + 10 }}; systemctl stop ssh');
function guarded(script: string): string {
  return `
- name: Command
  shell: ${JSON.stringify(script)}
  vars: { confirm_access: true }`;
}

/** Twenty and more. Each has to leave its host as it was, and reachable, without anybody's help. */
export const lockouts: readonly Lockout[] = [
  {
    name: 'sshd listens at another port',
    usual: true,
    host: 'server1',
    tasks: sshd('Port 2022'),
    handlers: restart,
    says: /connection refused|no new connection confirmed it/,
  },
  {
    name: 'AllowUsers without us',
    usual: true,
    host: 'server1',
    tasks: sshd('AllowUsers nobody'),
    handlers: restart,
    says: /does not let us in/,
  },
  {
    name: 'PermitRootLogin no for root',
    host: 'server1',
    tasks: sshd('PermitRootLogin no'),
    handlers: restart,
  },
  {
    name: 'a broken sshd_config, restarted',
    host: 'server1',
    tasks: sshd('Prot 22'),
    handlers: restart,
  },
  {
    name: 'a broken sshd_config that waits for the next restart',
    host: 'server1',
    tasks: sshd('Prot 22').replace(/\n {2}notify.*/, ''),
    says: /sshd does not take its configuration/,
  },
  {
    name: 'sshd stopped and masked',
    host: 'server1',
    tasks: '- name: No sshd\n  systemd: { name: ssh, state: stopped, enabled: false, masked: true }',
  },
  {
    name: 'keys of the host without their modes',
    host: 'server1',
    tasks: '- name: Modes\n  file: { path: /etc/ssh, mode: "a+rwX", recurse: true }\n  notify: Restart sshd',
    handlers: restart,
  },
  {
    name: 'the controller killed before the change',
    host: 'server1',
    tasks: slowly,
    accident: 'kill',
  },
  {
    name: 'the controller killed before the handler',
    host: 'server1',
    tasks: `${sshd('AllowUsers nobody')}${linger}`,
    handlers: restart,
    accident: 'kill',
  },
  {
    name: 'the controller killed before it is confirmed',
    host: 'server1',
    tasks: sshd('AllowUsers nobody'),
    handlers: slowRestart,
    accident: 'kill',
  },
  {
    name: 'SSH denied by ufw',
    usual: true,
    host: 'server2',
    tasks: '- name: Deny\n  ufw: { rule: deny, insert: 1, from_ip: 198.18.0.0/15, port: "22", proto: tcp }',
  },
  {
    name: "ufw's rule for SSH deleted",
    host: 'server2',
    tasks: '- name: Delete\n  ufw: { rule: allow, port: "22", proto: tcp, delete: true }',
  },
  {
    name: 'user.rules cut off and loaded',
    host: 'server2',
    tasks: guarded(': >/etc/ufw/user.rules; ufw reload'),
  },
  {
    name: 'user.rules cut off until the next start',
    host: 'server2',
    tasks: '- name: Cut\n  copy: { dest: /etc/ufw/user.rules, content: "*filter\\n", mode: "0640" }',
    says: /user\.rules is cut off/,
  },
  {
    name: 'every packet dropped',
    usual: true,
    host: 'server2',
    tasks: guarded('iptables -I INPUT -j DROP; iptables -I OUTPUT -j DROP'),
  },
  {
    name: 'the controller killed behind ufw',
    host: 'server2',
    tasks: `
- name: Deny
  ufw: { rule: deny, insert: 1, from_ip: 198.18.0.0/15, port: "22", proto: tcp }
  notify: Linger`,
    handlers: linger,
    accident: 'kill',
  },
  {
    name: 'the host restarted behind ufw',
    host: 'server2',
    // As after the boot.
    prepare: 'systemctl start ufw',
    tasks: `
- name: Deny
  ufw: { rule: deny, insert: 1, from_ip: 198.18.0.0/15, port: "22", proto: tcp }
  notify: Linger`,
    handlers: linger,
    accident: 'reboot',
  },
  {
    name: 'sudoers without us',
    usual: true,
    host: 'server3',
    tasks: '- name: Sudo\n  shell: rm -f /etc/sudoers.d/*\n  vars: { confirm_access: true }',
    says: /sudo/,
  },
  {
    name: 'authorized_keys emptied',
    host: 'server3',
    tasks:
      '- name: Keys\n  copy: { dest: /home/admin/.ssh/authorized_keys, content: "", mode: "0600", owner: admin }',
  },
  {
    name: 'another key alone',
    host: 'server3',
    tasks: `
- name: Keys
  authorized_key:
    user: admin
    exclusive: true
    key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`,
  },
  {
    name: 'a login shell that lets nobody in',
    host: 'server3',
    tasks: '- name: Shell\n  user: { name: admin, shell: /usr/sbin/nologin }',
  },
  {
    name: 'an account that has expired',
    host: 'server3',
    tasks: '- name: Expired\n  user: { name: admin, expires: 86400 }',
  },
  {
    name: 'a home that others may write to',
    host: 'server3',
    // sudo's plugin makes it as soon as it may write to the home of a user in the group sudo.
    prepare: 'touch /home/admin/.sudo_as_admin_successful',
    tasks: '- name: Home\n  file: { path: /home/admin, mode: "0777" }',
  },
  {
    name: '/etc/nologin',
    host: 'server3',
    tasks: '- name: Nologin\n  copy: { dest: /etc/nologin, content: "closed\\n", mode: "0644" }',
  },
  {
    name: 'no room to save what is there',
    host: 'server3',
    prepare: 'mkdir -p -m 700 /var/lib/foobar; mount -t tmpfs -o size=24k tmpfs /var/lib/foobar',
    tidy: 'umount /var/lib/foobar',
    tasks: '- name: Shell\n  user: { name: admin, shell: /usr/sbin/nologin }',
    says: /nothing was changed.*cannot save/s,
    refused: true,
  },
  {
    name: 'an address removed',
    usual: true,
    host: 'balancer1',
    tasks: guarded('ip -4 addr flush dev host0'),
  },
  {
    name: 'the way back removed',
    host: 'balancer1',
    tasks: guarded('ip route flush table main; ip route add blackhole default'),
  },
  {
    name: 'another address at the next start of the network',
    host: 'balancer1',
    tasks: `
- name: Network
  replace: { path: /etc/systemd/network/10-lab.network, regexp: 'Address=198\\.18\\.(\\d+)\\.\\d+/24', replace: 'Address=198.18.\\1.99/24' }
  notify: Network
`,
    handlers: '- name: Network\n  systemd: { name: systemd-networkd, state: restarted }',
  },
  {
    name: 'a full disk while it is put back',
    host: 'balancer1',
    prepare: `mkdir -p /srv/small /var/lib/foobar; mount -t tmpfs -o size=4m tmpfs /srv/small
cd /srv/small; mkdir -m 755 ssh; mkdir -m 700 state; echo '# ours' >ssh/10-ours.conf
mount --bind ssh /etc/ssh/sshd_config.d; mount --bind state /var/lib/foobar`,
    tidy: 'umount /var/lib/foobar /etc/ssh/sshd_config.d; umount /srv/small',
    tasks: guarded(
      'echo AllowUsers nobody >/etc/ssh/sshd_config.d/10-ours.conf; systemctl restart ssh; dd if=/dev/zero of=/srv/small/full bs=1k 2>/dev/null; true',
    ),
  },
  {
    name: 'the host restarted before the change',
    host: 'balancer1',
    tasks: slowly,
    accident: 'reboot',
  },
  {
    name: 'the host restarted before the handler',
    host: 'balancer1',
    tasks: `${sshd('AllowUsers nobody')}${linger}`,
    handlers: restart,
    accident: 'reboot',
  },
  {
    name: 'the host restarted before it is confirmed',
    host: 'balancer1',
    tasks: sshd('AllowUsers nobody'),
    handlers: slowRestart,
    accident: 'reboot',
  },
];
