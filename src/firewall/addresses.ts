import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Whether a text is an address or a network in CIDR notation, IPv4 or IPv6. */
export function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

/** Whether an address is inside a network, or is it. */
export function isInside(address: string, network: string): boolean {
  const family = isIP(address);
  if (family === 0 || isIP(network.split('/')[0] ?? '') !== family) return false;
  const [base, bits] = ipaddr.parseCIDR(
    network.includes('/') ? network : `${network}/${family === 4 ? 32 : 128}`,
  );
  return ipaddr.parse(address).match([base, bits] as [ipaddr.IPv4, number] & [ipaddr.IPv6, number]);
}

/**
 * One way to write an address or network, that of the kernel: 192.0.2.1/32 is 192.0.2.1, 10.1.2.3/8 is 10.0.0.0/8, IPv6
 * in its short form, the whole world `any`. What is neither stays as it is.
 */
export function normal(source: string): string {
  if (!isNetwork(source)) return source.toLowerCase();
  const [address = '', prefix] = source.split('/');
  if (prefix === '0') return 'any';
  const six = isIP(address) === 6;
  const text = (each: ipaddr.IPv4 | ipaddr.IPv6) =>
    each instanceof ipaddr.IPv6 ? each.toRFC5952String() : each.toString();
  if (prefix === undefined || prefix === (six ? '128' : '32')) return text(ipaddr.parse(address));
  const kind = six ? ipaddr.IPv6 : ipaddr.IPv4;
  return `${text(kind.networkAddressFromCIDR(source))}/${prefix}`;
}
