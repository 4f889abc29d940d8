import { printed } from './finalize.ts';
import { type Dict, Namespace, omit } from './python.ts';

/** Where the values go that a template prints. One value alone keeps its type; several become text. */
export type Output = unknown[];

/** An imported template: what it defines, and what it printed. */
export class Module extends Namespace {
  readonly output: Output;

  constructor(values: Dict, output: Output) {
    super(values);
    this.output = output;
  }
}

/** What a template's output is as a value: nothing, the only value with its type, or the text of all. */
export function concat(output: Output): unknown {
  const nodes = flattened(output);
  if (nodes.length === 0) return null;
  if (nodes.length === 1) return nodes[0];
  let text = '';
  for (const node of nodes) if (node !== omit) text += printed(node);
  return text;
}

function flattened(output: Output): unknown[] {
  return output.flatMap((node) => {
    if (node === null) return [];
    return node instanceof Module ? flattened(node.output) : [node];
  });
}
