import { type Analysis, analyze } from './analysis.ts';
import type { Node } from './nodes.ts';
import { ScalarWriter } from './scalars.ts';

type Scalar = Extract<Node, { kind: 'scalar' }>;

interface Context {
  readonly mapping?: boolean;
  readonly simpleKey?: boolean;
}

/** Writes nodes as libyaml's emitter does. */
export class Emitter extends ScalarWriter {
  #flowLevel = 0;
  readonly #analyses = new WeakMap<Scalar, Analysis>();

  document(root: Node, explicitStart: boolean, explicitEnd: boolean): string {
    if (explicitStart) this.indicator('---', true);
    this.#node(root, {});
    this.writeIndent();
    if (explicitEnd) {
      this.indicator('...', true);
      this.writeIndent();
    }
    return this.written;
  }

  #node(node: Node, context: Context): void {
    if (node.kind === 'scalar') this.#scalar(node, context);
    else if (node.kind === 'sequence') {
      if (this.#flowLevel > 0 || node.flow || node.items.length === 0) this.#flowSequence(node.items);
      else this.#blockSequence(node.items, context);
    } else if (this.#flowLevel > 0 || node.flow || node.pairs.length === 0) this.#flowMapping(node.pairs);
    else this.#blockMapping(node.pairs);
  }

  #flowSequence(items: readonly Node[]): void {
    this.indicator('[', true, true);
    this.#flow(() => {
      items.forEach((item, index) => {
        this.#next(index);
        this.#node(item, {});
      });
    });
    this.indicator(']', false);
  }

  #flowMapping(pairs: readonly (readonly [Node, Node])[]): void {
    this.indicator('{', true, true);
    this.#flow(() => {
      pairs.forEach(([key, value], index) => {
        this.#next(index);
        if (this.#isSimpleKey(key)) {
          this.#node(key, { mapping: true, simpleKey: true });
          this.indicator(':', false);
        } else {
          this.indicator('?', true);
          this.#node(key, { mapping: true });
          if (this.column > this.width) this.writeIndent();
          this.indicator(':', true);
        }
        this.#node(value, { mapping: true });
      });
    });
    this.indicator('}', false);
  }

  #flow(inside: () => void): void {
    this.#flowLevel += 1;
    this.nested(true, false, inside);
    this.#flowLevel -= 1;
  }

  #next(index: number): void {
    if (index > 0) this.indicator(',', false);
    if (this.column > this.width) this.writeIndent();
  }

  #blockSequence(items: readonly Node[], context: Context): void {
    this.nested(false, context.mapping === true && !this.indention, () => {
      for (const item of items) {
        this.writeIndent();
        this.indicator('-', true, false, true);
        this.#node(item, {});
      }
    });
  }

  #blockMapping(pairs: readonly (readonly [Node, Node])[]): void {
    this.nested(false, false, () => {
      for (const [key, value] of pairs) {
        this.writeIndent();
        if (this.#isSimpleKey(key)) {
          this.#node(key, { mapping: true, simpleKey: true });
          this.indicator(':', false);
        } else {
          this.indicator('?', true, false, true);
          this.#node(key, { mapping: true });
          this.writeIndent();
          this.indicator(':', true, false, true);
        }
        this.#node(value, { mapping: true });
      }
    });
  }

  #isSimpleKey(node: Node): boolean {
    if (node.kind === 'sequence') return node.items.length === 0;
    if (node.kind === 'mapping') return node.pairs.length === 0;
    return !this.#analysis(node).multiline && Buffer.byteLength(node.value) <= 128;
  }

  #analysis(node: Scalar): Analysis {
    const before = this.#analyses.get(node);
    if (before) return before;
    const result = analyze([...node.value]);
    this.#analyses.set(node, result);
    return result;
  }

  #scalar(node: Scalar, { simpleKey = false }: Context): void {
    const style = this.#style(node, simpleKey);
    if (!(style === '' ? node.plainImplicit : node.quotedImplicit)) this.indicator('!', true);
    const characters = [...node.value];
    this.nested(true, false, () => {
      if (style === '') this.plain(characters, !simpleKey, this.#flowLevel > 0);
      else if (style === "'") this.singleQuoted(characters, !simpleKey);
      else if (style === '"') this.doubleQuoted(characters, !simpleKey);
      else if (style === '|') this.literal(characters);
      else this.folded(characters);
    });
  }

  #style(node: Scalar, simpleKey: boolean): Scalar['style'] {
    const analysis = this.#analysis(node);
    const implicit = node.plainImplicit || node.quotedImplicit;
    let { style } = node;
    if (simpleKey && analysis.multiline) style = '"';
    if (style === '') {
      const allowed = this.#flowLevel > 0 ? analysis.flowPlain : analysis.blockPlain;
      const empty = node.value === '' && (this.#flowLevel > 0 || simpleKey);
      if (!allowed || empty || (implicit && !node.plainImplicit)) style = "'";
    }
    if (style === "'" && !analysis.singleQuoted) style = '"';
    if ((style === '|' || style === '>') && (!analysis.block || this.#flowLevel > 0 || simpleKey))
      style = '"';
    return style;
  }
}
