import { z } from 'zod';
import { objectOf } from './params.ts';

/** How paths of the host are written out in a field. */
interface PathKind {
  readonly absolute: boolean;
  /** The field that must be true for it. */
  readonly when?: string;
}

/** Whether a field holds paths of the host, under whatever it is wrapped in. */
function pathKind(field: z.core.$ZodType): PathKind | undefined {
  const meta = z.globalRegistry.get(field) as { hostPath?: PathKind } | undefined;
  if (meta?.hostPath) return meta.hostPath;
  if (field instanceof z.ZodOptional || field instanceof z.ZodNullable || field instanceof z.ZodDefault)
    return pathKind(field.unwrap() as z.core.$ZodType);
  if (field instanceof z.ZodArray) return pathKind(field.element as z.core.$ZodType);
  if (field instanceof z.ZodPipe) return pathKind(field.in) ?? pathKind(field.out);
  if (!(field instanceof z.ZodUnion)) return undefined;
  return (field.options as readonly z.core.$ZodType[]).map(pathKind).find((kind) => kind !== undefined);
}

/** How the paths of a parameter are written out, given all parameters; undefined where it holds no path of the host. */
export function pathKindOf(
  params: z.ZodType,
  name: string,
  want: Readonly<Record<string, unknown>>,
): PathKind | undefined {
  const field = objectOf(params)?.shape[name];
  const kind = field && pathKind(field);
  return kind?.when === undefined || want[kind.when] === true ? kind : undefined;
}
