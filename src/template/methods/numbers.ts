import { real } from '../numbers.ts';
import { Tuple } from '../python.ts';
import { type Methods, takes } from './contract.ts';

const bits = (self: unknown) => {
  const size = BigInt(self as bigint);
  return (size < 0n ? -size : size).toString(2);
};

const bitwise = (operation: (a: bigint, b: bigint) => bigint) =>
  takes<never>('other!', (self, [other]) => Number(operation(BigInt(self), BigInt(other as bigint))));

export const integers: Methods<never> = {
  bit_length: takes('', (self) => (BigInt(self) === 0n ? 0 : bits(self).length)),
  bit_count: takes('', (self) => bits(self).replaceAll('0', '').length),
  conjugate: takes('', (self) => Number(self)),
  is_integer: takes('', () => true),
  as_integer_ratio: takes('', (self) => Tuple.of(Number(self), 1)),
  __and__: bitwise((a, b) => a & b),
  __or__: bitwise((a, b) => a | b),
  __xor__: bitwise((a, b) => a ^ b),
  __lshift__: bitwise((a, b) => a << b),
  __rshift__: bitwise((a, b) => a >> b),
};

export const floats: Methods<never> = {
  is_integer: takes('', (self) => Number.isInteger(Number(self))),
  conjugate: takes('', (self) => self),
  hex: takes('', (self) => hexadecimal(Number(self))),
  as_integer_ratio: takes('', (self) => {
    let [top, bottom] = [Number(self), 1];
    while (!Number.isInteger(top)) [top, bottom] = [top * 2, bottom * 2];
    return Tuple.of(top, bottom);
  }),
  __abs__: takes('', (self) => real(Math.abs(Number(self)))),
};

function hexadecimal(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return value === 0 ? '0x0.0p+0' : String(value);
  const size = Math.abs(value);
  let exponent = Math.floor(Math.log2(size));
  if (size / 2 ** exponent >= 2) exponent += 1;
  const fraction = Math.round((size / 2 ** exponent - 1) * 2 ** 52)
    .toString(16)
    .padStart(13, '0');
  return `${value < 0 ? '-' : ''}0x1.${fraction}p${exponent < 0 ? '' : '+'}${exponent}`;
}
