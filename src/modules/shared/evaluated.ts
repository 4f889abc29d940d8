import { z } from 'zod';
import type { Evaluated } from '../contract.ts';

/** A parameter that holds an expression: what the engine made of it, or a plain value, which says itself. */
export const evaluated = z.unknown().transform((value): Evaluated => {
  const record = value as Partial<Evaluated> | null | undefined;
  if (
    typeof record === 'object' &&
    record !== null &&
    typeof record.expression === 'string' &&
    'value' in record
  )
    return { expression: record.expression, value: record.value };
  return { expression: String(value), value };
});
