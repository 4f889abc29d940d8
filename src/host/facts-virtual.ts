import type { ReadSection } from './facts-script.ts';

/** Firmware that tells of a virtual machine: which of its fields, what they say together, Ansible's word. */
const machines: readonly [fields: string, says: RegExp, name: string][] = [
  ['product_name', /^(KVM|KVM Server|Bochs|AHV|CloudStack KVM Hypervisor)$/, 'kvm'],
  ['sys_vendor', /^oVirt$/, 'oVirt'],
  ['sys_vendor product_family', /^Red Hat RHV$/, 'RHV'],
  ['sys_vendor product_family product_name', /^Red Hat (?!RHV RHEV).*RHEV Hypervisor$/, 'RHEV'],
  ['product_name', /^VMware/, 'VMware'],
  ['product_name', /^OpenStack (Compute|Nova)$/, 'openstack'],
  ['bios_vendor', /^Xen$/, 'xen'],
  ['bios_vendor', /^innotek GmbH$/, 'virtualbox'],
  ['bios_vendor', /^(Amazon EC2|DigitalOcean|Hetzner|Linode)$/, 'kvm'],
  ['sys_vendor', /^(QEMU|Amazon EC2|DigitalOcean|Google|Scaleway|Nutanix)$/, 'kvm'],
  ['sys_vendor', /^KubeVirt$/, 'KubeVirt'],
  ['sys_vendor', /^Microsoft Corporation$/, 'VirtualPC'],
  ['sys_vendor', /^Parallels Software International Inc\.$/, 'parallels'],
  ['sys_vendor', /^OpenStack Foundation$/, 'openstack'],
  ['product_name', /BHYVE/, 'bhyve'],
];
/** Processors that tell of one: lines of /proc/cpuinfo. */
const processors: readonly [says: RegExp, name: string][] = [
  [/^model name.*QEMU Virtual CPU/m, 'kvm'],
  [/^(vendor_id.*User Mode Linux|model name.*UML)/m, 'uml'],
  [/^machine.*CHRP IBM pSeries .emulated by qemu./m, 'kvm'],
  [/^vendor_id.*PowerVM Lx86/m, 'powervm_lx86'],
  [/^vendor_id.*IBM\/S390/m, 'PR/SM'],
];

/** What the host runs in or can run, found as Ansible finds it (module_utils/facts/virtual/linux.py). */
export function readVirtualization(get: ReadSection): Record<string, unknown> {
  const guest = new Set<string>();
  const host = new Set<string>();
  let first: { type: string; role: string } | undefined;
  const isGuest = (...names: string[]) => {
    for (const name of names) guest.add(name);
    first ??= { type: names[0]!, role: names[0] === 'PR/SM' ? 'LPAR' : 'guest' };
  };
  const isHost = (name: string) => {
    host.add(name);
    first ??= { type: name, role: 'host' };
  };
  const there = get('virtual').split('\n');

  for (const name of containersOf(get)) isGuest(name);
  if (there.includes('/proc/vz') && !there.includes('/proc/lve'))
    there.includes('/proc/bc') ? isHost('openvz') : isGuest('openvz');
  if (get('container') !== '') isGuest(get('container'));
  if (there.includes('/.dockerenv') || there.includes('/.dockerinit')) isGuest('docker');
  const contained = ['docker', 'lxc', 'podman', 'openvz', 'containerd'];
  if (get('container') !== '' || contained.some((name) => guest.has(name))) guest.add('container');

  if (there.includes('/proc/xen'))
    if (get('xen').includes('control_d')) isHost('xen');
    else first ??= { type: 'xen', role: 'guest' };
  for (const name of firmwareOf(get)) isGuest(name);
  for (const [says, name] of processors) if (says.test(get('processors'))) isGuest(name);
  if (there.includes('/sys/module/kvm/initstate')) isHost('kvm');
  if (there.includes('/sys/module/vboxdrv/initstate')) isHost('virtualbox');
  if (there.includes('/sys/module/virtio/initstate')) {
    host.add('kvm');
    first ??= { type: 'kvm', role: 'guest' };
  }
  if (there.includes('/dev/kvm')) isHost('kvm');

  return {
    virtualization_type: first?.type ?? 'NA',
    virtualization_role: first?.role ?? 'NA',
    virtualization_tech_guest: [...guest].sort(),
    virtualization_tech_host: [...host].sort(),
  };
}

/** Containers by what the first process is in, and was started with; the latter needs root to be read. */
function containersOf(get: ReadSection): string[] {
  const groups = get('initGroups');
  const environment = get('initEnvironment').split('\0');
  const says = (text: string) => environment.some((variable) => variable.includes(text));
  return [
    ...(/\/docker(\/|-[0-9a-f]+\.scope)/.test(groups) ? ['docker'] : []),
    ...(/\/lxc\/|\/machine.slice\/machine-lxc/.test(groups) ? ['lxc'] : []),
    ...(/\/system.slice\/containerd.service/.test(groups) ? ['containerd'] : []),
    ...(says('container=lxc') ? ['lxc'] : []),
    ...(says('container=podman') ? ['podman'] : []),
    ...(environment.some((variable) => /^container=./.test(variable)) ? ['container'] : []),
  ];
}

function firmwareOf(get: ReadSection): string[] {
  const value = (field: string) =>
    new RegExp(`^/sys/devices/virtual/dmi/id/${field}:(.*)$`, 'm').exec(get('dmi'))?.[1]?.trim() ?? '';
  return machines
    .filter(([fields, says]) => says.test(fields.split(' ').map(value).join(' ')))
    .map(([, , name]) => name);
}
