import type { ReadSection } from './facts-script.ts';

/** systemd-detect-virt's words for machines -> Ansible's. */
const machines: Record<string, string> = {
  qemu: 'kvm',
  amazon: 'kvm',
  google: 'kvm',
  apple: 'apple',
  oracle: 'virtualbox',
  microsoft: 'VirtualPC',
  vmware: 'VMware',
  parallels: 'parallels',
  powervm: 'powervm_lx86',
};

/** What the host runs in or can run, as Ansible tells it (module_utils/facts/virtual/linux.py). */
export function readVirtualization(get: ReadSection): Record<string, unknown> {
  const lines = get('container').split('\n');
  const guest = new Set<string>();
  const container = /^container=(.+)$/m.exec(get('container'))?.[1];
  const systemd = /^systemd=(.+)$/m.exec(get('container'))?.[1];
  if (container === 'lxc' || container === 'podman') guest.add(container);
  if (container !== undefined) guest.add('container');
  if (systemd) guest.add(systemd).add('container');
  if (lines.includes('docker')) guest.add('docker').add('container');
  let type: string | undefined = [...guest][0];
  const machine = get('virtualization');
  // Inside a container firmware that can be read tells that the machine is a virtual one too.
  if (machine !== '' && machine !== 'none' && (type === undefined || get('dmi') !== '')) {
    const name = machines[machine] ?? machine;
    type ??= name;
    guest.add(name);
  }
  const host = lines.flatMap((line) => (line.startsWith('host=') ? [line.slice(5)] : []));
  return {
    virtualization_type: type ?? host[0] ?? 'NA',
    virtualization_role: type !== undefined ? 'guest' : host.length > 0 ? 'host' : 'NA',
    virtualization_tech_guest: [...guest].sort(),
    virtualization_tech_host: host.sort(),
  };
}
