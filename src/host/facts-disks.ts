import type { ReadSection } from './facts-script.ts';

type Facts = Record<string, unknown>;

/** Mounts, block devices and volumes under Ansible's names. */
export function readDisks(get: ReadSection): Facts {
  const links = readLinks(get('diskLinks'));
  return {
    mounts: readMounts(get),
    devices: readDevices(get, links),
    device_links: {
      ids: links.ids,
      uuids: links.uuids,
      labels: links.labels,
      masters: mastersOf(get('blocks')),
    },
    lvm: readVolumes(get('lvm')),
  };
}

function readMounts(get: ReadSection): Facts[] {
  const sizes = new Map(
    [...get('sizes').matchAll(/^(\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (.*)$/gm)].map(
      ([, fragment, block, total, available, inodes, inodesFree, path = '']) => [
        path,
        {
          size_total: Number(fragment) * Number(total),
          size_available: Number(fragment) * Number(available),
          block_size: Number(block),
          block_total: Number(total),
          block_available: Number(available),
          block_used: Number(total) - Number(available),
          inode_total: Number(inodes),
          inode_available: Number(inodesFree),
          inode_used: Number(inodes) - Number(inodesFree),
        },
      ],
    ),
  );
  const uuids = new Map(
    [...get('uuids').matchAll(/^(\S+)\s+(\S+)$/gm)].map(([, name, uuid]) => [name, uuid]),
  );
  // What is mounted with another root than the file system's own is bound.
  const bound = new Set(
    [...get('mountinfo').matchAll(/^\d+ \d+ \S+ (\S+) (\S+) /gm)]
      .filter(([, root]) => root !== '/')
      .map(([, , target = '']) => unescapeOctal(target)),
  );
  const mounts = get('mounts')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' ').map(unescapeOctal))
    .filter(
      ([device = '', , fstype]) => (/^[/\\]/.test(device) || device.includes(':/')) && fstype !== 'none',
    )
    .map(([device, mount = '', fstype, options, dump, passno]) => ({
      mount,
      device,
      fstype,
      options: bound.has(mount) ? `${options},bind` : options,
      dump: Number(dump),
      passno: Number(passno),
      ...sizes.get(mount),
      uuid: uuids.get(device) ?? 'N/A',
    }));
  // What is mounted over another hides it.
  return [...new Map(mounts.map((each) => [each.mount, each])).values()];
}

/** Spaces and the like in /proc/mounts are octal: fstab(5). */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_all, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

interface Links {
  readonly ids: Record<string, string[]>;
  readonly uuids: Record<string, string[]>;
  readonly labels: Record<string, string[]>;
}

/** Names below /dev/disk by device. */
function readLinks(text: string): Links {
  const links: Links = { ids: {}, uuids: {}, labels: {} };
  const kinds = { id: links.ids, uuid: links.uuids, label: links.labels };
  for (const [, kind, name = '', target = ''] of text.matchAll(
    /^\/dev\/disk\/by-(id|uuid|label)\/(\S+) (\S+)$/gm,
  )) {
    const device = target.split('/').at(-1)!;
    const of = kinds[kind as keyof typeof kinds];
    of[device] = [...(of[device] ?? []), name].sort();
  }
  return links;
}

/** Device -> those that are made of it. */
function mastersOf(text: string): Record<string, string[]> {
  const masters: Record<string, string[]> = {};
  for (const [, device = '', holder = ''] of text.matchAll(
    /^\/sys\/block\/(?:[^/\n]+\/)?([^/\n]+)\/holders\/(\S+) /gm,
  ))
    masters[device] = [...(masters[device] ?? []), holder].sort();
  return masters;
}

function readDevices(get: ReadSection, links: Links): Facts {
  const files = new Map(
    [...get('blockFiles').matchAll(/^\/sys\/block\/([^:\n]+):(.*)$/gm)].map(([, name, value = '']) => [
      name!,
      value.trim(),
    ]),
  );
  const masters = mastersOf(get('blocks'));
  const uuids = new Map(
    [...get('uuids').matchAll(/^\/dev\/(\S+)\s+(\S+)$/gm)].map(([, name, uuid]) => [name, uuid]),
  );
  const linksOf = (name: string) => ({
    ids: links.ids[name] ?? [],
    uuids: links.uuids[name] ?? [],
    labels: links.labels[name] ?? [],
    masters: masters[name] ?? [],
  });
  const device = (name: string, target: string) => {
    const file = (path: string) => files.get(`${name}/${path}`);
    const sectors = Number(file('size') ?? 0);
    const partitions = [...files.keys()].flatMap((path) => {
      const [, part] =
        new RegExp(`^${name.replaceAll(/[.*+?^$(){}|[\]\\]/g, '\\$&')}/([^/]+)/partition$`).exec(path) ?? [];
      return part === undefined ? [] : [part];
    });
    return {
      virtual: target.includes('/devices/virtual/') || target.includes('devices/virtual') ? 1 : undefined,
      links: linksOf(name),
      vendor: file('device/vendor') ?? null,
      model: file('device/model') ?? null,
      sas_address: null,
      sas_device_handle: null,
      removable: file('removable') ?? null,
      support_discard: file('queue/discard_granularity') ?? null,
      partitions: Object.fromEntries(
        partitions.map((part) => {
          const count = Number(file(`${part}/size`) ?? 0);
          return [
            part,
            {
              links: linksOf(part),
              start: file(`${part}/start`) ?? '0',
              sectors: count,
              sectorsize: Number(file('queue/logical_block_size') ?? 512),
              size: human(count * 512),
              uuid: uuids.get(part) ?? null,
              holders: masters[part] ?? [],
            },
          ];
        }),
      ),
      rotational: file('queue/rotational') ?? null,
      scheduler_mode: /\[(.*)\]/.exec(file('queue/scheduler') ?? '')?.[1] ?? file('queue/scheduler') ?? '',
      sectors,
      sectorsize: file('queue/logical_block_size') ?? '512',
      size: human(sectors * 512),
      host: '',
      holders: masters[name] ?? [],
    };
  };
  return Object.fromEntries(
    [...get('blocks').matchAll(/^\/sys\/block\/([^/\s]+) (\S+)$/gm)]
      .filter(([, name = '']) => files.has(`${name}/size`))
      .map(([, name = '', target = '']) => [name, device(name, target)])
      .sort(([left], [right]) => (String(left) < String(right) ? -1 : 1)),
  );
}

/** As Ansible's bytes_to_human: 1.50 GB, 0.00 Bytes. */
function human(bytes: number): string {
  const steps = ['Bytes', 'KB', 'MB', 'GB', 'TB', 'PB'];
  const power = Math.max(
    0,
    steps.findLastIndex((_name, index) => bytes >= 1024 ** index),
  );
  return `${(bytes / 1024 ** power).toFixed(2)} ${steps[power]}`;
}

/** Answers of vgs, lvs and pvs; N/A where there is no LVM. */
function readVolumes(text: string): unknown {
  if (text === '') return 'N/A';
  const rows = (tool: string) => {
    const part = text.split(/^= /m).find((each) => each.startsWith(`${tool}\n`)) ?? '';
    return part
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(','))
      .filter((row) => row.length > 1);
  };
  return {
    vgs: Object.fromEntries(
      rows('vgs').map(([name, size_g, free_g, num_lvs, num_pvs]) => [
        name,
        { size_g, free_g, num_lvs, num_pvs },
      ]),
    ),
    lvs: Object.fromEntries(rows('lvs').map(([name, vg, size_g]) => [name, { size_g, vg }])),
    pvs: Object.fromEntries(rows('pvs').map(([name, vg, size_g, free_g]) => [name, { size_g, free_g, vg }])),
  };
}
