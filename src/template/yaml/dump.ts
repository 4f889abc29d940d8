import { TaskFailure } from '../../errors.ts';
import { type Dict, isTrue, text } from '../python.ts';
import { Emitter } from './emitter.ts';
import { represent } from './nodes.ts';

const known = [
  'indent',
  'width',
  'default_flow_style',
  'default_style',
  'explicit_start',
  'explicit_end',
  'sort_keys',
];

/** PyYAML's yaml.dump with its arguments, as ansible-core's to_yaml calls it. */
export function toYaml(value: unknown, options: Dict): string {
  const wrong = Object.keys(options).find((name) => !known.includes(name));
  if (wrong !== undefined)
    throw new TaskFailure(`to_yaml does not support '${wrong}'`, `it takes ${known.join(', ')}`);
  const { default_flow_style: flow = null, default_style: style = null, sort_keys: sort = true } = options;
  if (style !== null && !["'", '"', '|', '>', ''].includes(text(style)))
    throw new TaskFailure(`'${text(style)}' is no style of scalars`);
  const root = represent(value, {
    flow: flow === null ? null : isTrue(flow),
    scalar: (style === null ? '' : text(style)) as '' | "'" | '"' | '|' | '>',
    sortKeys: isTrue(sort),
  });
  const emitter = new Emitter(Number(options.indent ?? 2), Number(options.width ?? 80));
  return emitter.document(
    root,
    isTrue(options.explicit_start ?? false),
    isTrue(options.explicit_end ?? false),
  );
}
