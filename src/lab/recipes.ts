import { shipped } from '../shipped.ts';

/** What an image is made of: packages, and a script that runs in it as root. */
export interface Recipe {
  readonly packages: readonly string[];
  readonly script: string;
}

/**
 * A bare server: no Python, root and an administrator with sudo, nothing configured.
 * Its keys and its identity come with each host's own layer.
 */
export const bareHost: Recipe = {
  packages: [
    'systemd',
    'systemd-sysv',
    'dbus',
    'openssh-server',
    'sudo',
    'ca-certificates',
    'iproute2',
    'libpam-systemd',
    'procps',
  ],
  script: `
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub /etc/machine-id /var/lib/dbus/machine-id
echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/lab
useradd --create-home --shell /bin/sh admin
echo 'admin ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/admin
chmod 440 /etc/sudoers.d/admin
install -d -m 700 /root/.ssh
install -d -m 700 -o admin -g admin /home/admin/.ssh
systemctl --quiet enable systemd-networkd.service
systemctl --quiet mask console-getty.service getty.target systemd-firstboot.service
rm -f /etc/resolv.conf
`,
};

/** Makes a bare host the rest of the world; the Vagrantfile runs it too. */
export const outsideWorld = new URL('lab/outside.sh', shipped);

/** Makes a bare host one of the twins that Ansible and foobar are compared on; takes the archive's address. */
export const twinHost = new URL('lab/twin.sh', shipped);
