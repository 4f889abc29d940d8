/**
 * A float of Python that JavaScript would take for a whole number: 2.0 is not 2. Other floats are plain numbers, and
 * so are whole numbers as long as they are safe; larger ones are bigints.
 */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  valueOf(): number {
    return this.value;
  }

  toJSON(): number {
    return this.value;
  }

  toString(): string {
    return floatText(this.value);
  }
}

/** What a number is that Python would have as a float. */
export function real(value: number): number | Float {
  return Number.isInteger(value) ? new Float(value) : value;
}

/** Python's repr() of a float. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16)
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  return Number.isInteger(value) ? `${BigInt(value)}.0` : String(value);
}
