const letters = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** Bech32 (BIP 173) without its limit of 90 letters, as age writes keys: lower case, prefix, 1, data, check. */
export function toBech32(prefix: string, bytes: Uint8Array): string {
  const data = regroup(bytes, 8, 5, true);
  const check = polymod([...expand(prefix), ...data, 0, 0, 0, 0, 0, 0]) ^ 1;
  const tail = [0, 1, 2, 3, 4, 5].map((index) => (check >> (5 * (5 - index))) & 31);
  return `${prefix}1${[...data, ...tail].map((value) => letters[value]).join('')}`;
}

/** The bytes, or undefined for a text that is no Bech32 of this prefix. */
export function fromBech32(prefix: string, text: string): Buffer | undefined {
  const low = text.toLowerCase();
  if (text !== low && text !== text.toUpperCase()) return undefined;
  if (!low.startsWith(`${prefix}1`)) return undefined;
  const data = [...low.slice(prefix.length + 1)].map((letter) => letters.indexOf(letter));
  if (data.length < 6 || data.includes(-1)) return undefined;
  if (polymod([...expand(prefix), ...data]) !== 1) return undefined;
  return Buffer.from(regroup(data.slice(0, -6), 5, 8, false));
}

function expand(prefix: string): number[] {
  const codes = [...prefix].map((letter) => letter.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

function polymod(values: readonly number[]): number {
  let check = 1;
  for (const value of values) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    generator.forEach((part, bit) => {
      if ((top >> bit) & 1) check ^= part;
    });
  }
  return check;
}

function regroup(values: Iterable<number>, from: number, to: number, pad: boolean): number[] {
  const result: number[] = [];
  let [held, bits] = [0, 0];
  for (const value of values) {
    held = ((held << from) | value) & 0xfff;
    bits += from;
    while (bits >= to) {
      bits -= to;
      result.push((held >> bits) & ((1 << to) - 1));
    }
  }
  if (pad && bits > 0) result.push((held << (to - bits)) & ((1 << to) - 1));
  return result;
}
