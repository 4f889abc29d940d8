import { Float, floatText, real } from '../yaml/float.ts';

export { Float, floatText, real };

export type Numeric = number | bigint | boolean | Float;

/** A whole number: a bigint only where it must be one. */
export function whole(value: number | bigint): number | bigint {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : BigInt(value);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

export function isNumeric(value: unknown): value is Numeric {
  return (
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    typeof value === 'bigint' ||
    value instanceof Float
  );
}

export function isFloat(value: unknown): value is number | Float {
  return value instanceof Float || (typeof value === 'number' && !Number.isInteger(value));
}

/** An int of Python; its booleans are ints too. */
export function isInt(value: unknown): value is number | bigint | boolean {
  return isNumeric(value) && !isFloat(value);
}

export function numberText(value: Numeric): string {
  if (typeof value === 'bigint') return String(value);
  return isFloat(value) ? floatText(Number(value)) : String(value);
}
