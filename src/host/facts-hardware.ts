import type { ReadSection } from './facts-script.ts';

type Facts = Record<string, unknown>;

/** Memory, processors and firmware under Ansible's names (module_utils/facts/hardware/linux.py). */
export function readHardware(get: ReadSection, machine: string): Facts {
  return {
    ...readMemory(get('memory')),
    ...readProcessors(get('processors'), allowed(get('status')), machine),
    ...readFirmware(get('dmi')),
    uptime_seconds: Math.floor(Number.parseFloat(get('uptime')) || 0),
  };
}

function readMemory(text: string): Facts {
  const megabytes = (field: string) =>
    Math.floor(Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1024);
  const [total, free] = [megabytes('MemTotal'), megabytes('MemFree')];
  const [swap, swapFree] = [megabytes('SwapTotal'), megabytes('SwapFree')];
  const withoutCache = megabytes('Cached') + free + megabytes('Buffers');
  return {
    memtotal_mb: total,
    memfree_mb: free,
    swaptotal_mb: swap,
    swapfree_mb: swapFree,
    memory_mb: {
      real: { total, used: total - free, free },
      nocache: { free: withoutCache, used: total - withoutCache },
      swap: { total: swap, free: swapFree, used: swap - swapFree, cached: megabytes('SwapCached') },
    },
  };
}

const named = ['model name', 'Processor', 'vendor_id', 'cpu', 'Vendor', 'processor'];

function readProcessors(text: string, usable: number, machine: string): Facts {
  const lines = [...text.matchAll(/^([^:\n]+?)\s*:[ \t]*(.*)$/gm)].map(([, key = '', value = '']) => [
    key,
    value,
  ]);
  const values = (field: string) => lines.flatMap(([key, value]) => (key === field ? [value!.trim()] : []));
  const logical = values('processor').length;
  const listed = lines.filter(([key]) => named.includes(key!)).map(([, value]) => value!.trim());
  const vendors = values('vendor_id').length;
  const counted = vendors > 0 && vendors === values('model name').length ? vendors : listed.length;
  const sockets =
    new Set(values('physical id')).size || (/^(armv|aarch|ppc)/.test(machine) ? logical : counted);
  const cores = Number(values('cpu cores')[0] ?? 1) || 1;
  const siblings = Number(values('siblings')[0] ?? 1);
  // Python rounds halves to even; siblings are multiples of cores in practice.
  const threads = Math.round(siblings / cores);
  const flags = values('flags').at(-1);
  return {
    processor: listed,
    processor_count: sockets,
    processor_cores: cores,
    processor_threads_per_core: threads,
    processor_vcpus: threads * sockets * cores,
    processor_nproc: usable || logical,
    ...(flags === undefined ? {} : { flags: flags.split(/\s+/) }),
  };
}

/** How many processors a program may use: its list of them in /proc/self/status, such as 0-3,8. */
function allowed(status: string): number {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '';
  return list.split(',').reduce((sum, range) => {
    const [first, last = first] = range.split('-').map(Number);
    return range === '' ? sum : sum + last! - first! + 1;
  }, 0);
}

/** Fact -> file below /sys/devices/virtual/dmi/id. */
const firmware = {
  bios_date: 'bios_date',
  bios_vendor: 'bios_vendor',
  bios_version: 'bios_version',
  board_asset_tag: 'board_asset_tag',
  board_name: 'board_name',
  board_serial: 'board_serial',
  board_vendor: 'board_vendor',
  board_version: 'board_version',
  chassis_asset_tag: 'chassis_asset_tag',
  chassis_serial: 'chassis_serial',
  chassis_vendor: 'chassis_vendor',
  chassis_version: 'chassis_version',
  product_name: 'product_name',
  product_serial: 'product_serial',
  product_uuid: 'product_uuid',
  product_version: 'product_version',
  system_vendor: 'sys_vendor',
};

/** Chassis types of the SMBIOS specification, from 0. */
const forms = [
  'Unknown',
  'Other',
  'Unknown',
  'Desktop',
  'Low Profile Desktop',
  'Pizza Box',
  'Mini Tower',
  'Tower',
  'Portable',
  'Laptop',
  'Notebook',
  'Hand Held',
  'Docking Station',
  'All In One',
  'Sub Notebook',
  'Space-saving',
  'Lunch Box',
  'Main Server Chassis',
  'Expansion Chassis',
  'Sub Chassis',
  'Bus Expansion Chassis',
  'Peripheral Chassis',
  'RAID Chassis',
  'Rack Mount Chassis',
  'Sealed-case PC',
  'Multi-system',
  'CompactPCI',
  'AdvancedTCA',
  'Blade',
  'Blade Enclosure',
  'Tablet',
  'Convertible',
  'Detachable',
  'IoT Gateway',
  'Embedded PC',
  'Mini PC',
  'Stick PC',
];

function readFirmware(text: string): Facts {
  const files = new Map(
    [...text.matchAll(/^\/sys\/devices\/virtual\/dmi\/id\/(\w+):(.*)$/gm)].map(([, name, value = '']) => [
      name,
      value.trim(),
    ]),
  );
  const type = files.get('chassis_type');
  return {
    ...Object.fromEntries(Object.entries(firmware).map(([fact, file]) => [fact, files.get(file) || 'NA'])),
    form_factor: type === undefined ? 'NA' : (forms[Number(type)] ?? `unknown (${type})`),
  };
}
