/**
 * The part of Go's text/template that the chart in deploy/helm keeps to, so that its manifests are checked where no Helm
 * is: substitution with pipelines, `if`/`else if`/`else`, `with`, `range`, `define`, variables, trim markers, comments.
 * What it does not know it refuses, as it does a value that a template asks for and nobody gave.
 */

/** What a pipeline can carry. */
export type Value = unknown;
/** A function of templates; throws an Error for arguments that it does not take. */
export type TemplateFunction = (...args: Value[]) => Value;

type Operand =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'path'; readonly root: string; readonly path: readonly string[] }
  | { readonly kind: 'pipeline'; readonly stages: Pipeline };
/** One command of a pipeline: its function, if the first word is one, and its operands. */
interface Command {
  readonly name: string | undefined;
  readonly operands: readonly Operand[];
}
type Pipeline = readonly Command[];

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipeline: Pipeline }
  | {
      readonly kind: 'set';
      readonly name: string;
      readonly pipeline: Pipeline;
      readonly how: 'declare' | 'assign';
    }
  | {
      readonly kind: 'if' | 'with';
      readonly pipeline: Pipeline;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | {
      readonly kind: 'range';
      readonly names: readonly string[];
      readonly pipeline: Pipeline;
      readonly body: readonly Node[];
    };

interface Token {
  readonly kind: 'text' | 'action';
  readonly text: string;
}

/** Variables of a block; an outer block's can be seen and assigned. */
class Scope {
  readonly #values = new Map<string, Value>();
  readonly #outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.#outer = outer;
  }

  declare(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  assign(name: string, value: Value): void {
    this.#holder(name).#values.set(name, value);
  }

  get(name: string): Value {
    return this.#holder(name).#values.get(name);
  }

  #holder(name: string): Scope {
    if (this.#values.has(name)) return this;
    if (this.#outer === undefined) throw new Error(`there is no variable ${name}`);
    return this.#outer.#holder(name);
  }
}

/** Templates that know each other by name. */
export class TemplateSet {
  readonly #named = new Map<string, readonly Node[]>();
  readonly #functions: Readonly<Record<string, TemplateFunction>>;

  constructor(functions: Readonly<Record<string, TemplateFunction>>) {
    this.#functions = functions;
  }

  /** Takes in a file: what it defines, and itself under `name`. Throws for what it does not know. */
  add(name: string, text: string): void {
    const reader = new Reader(tokens(text), (defined, body) => this.#named.set(defined, body));
    this.#named.set(name, reader.list().nodes);
    if (reader.ended !== undefined) throw new Error(`${name}: {{ ${reader.ended} }} belongs to nothing`);
  }

  /** The text of a template, with `data` as its dot. */
  render(name: string, data: Value): string {
    const nodes = this.#named.get(name);
    if (nodes === undefined) throw new Error(`there is no template ${name}`);
    const scope = new Scope();
    scope.declare('$', data);
    try {
      return this.#run(nodes, data, scope);
    } catch (error) {
      throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
    }
  }

  #run(nodes: readonly Node[], dot: Value, scope: Scope): string {
    return nodes.map((node) => this.#one(node, dot, scope)).join('');
  }

  #one(node: Node, dot: Value, scope: Scope): string {
    switch (node.kind) {
      case 'text':
        return node.text;
      case 'print':
        return printed(this.#pipe(node.pipeline, dot, scope));
      case 'set':
        scope[node.how](node.name, this.#pipe(node.pipeline, dot, scope));
        return '';
      case 'if':
      case 'with': {
        const value = this.#pipe(node.pipeline, dot, scope);
        if (!isTrue(value)) return this.#run(node.otherwise, dot, new Scope(scope));
        return this.#run(node.body, node.kind === 'with' ? value : dot, new Scope(scope));
      }
      case 'range':
        return entries(this.#pipe(node.pipeline, dot, scope))
          .map(([key, item]) => {
            const inner = new Scope(scope);
            const [last, first] = [...node.names].reverse();
            if (last !== undefined) inner.declare(last, item);
            if (first !== undefined) inner.declare(first, key);
            return this.#run(node.body, item, inner);
          })
          .join('');
    }
  }

  #pipe(stages: Pipeline, dot: Value, scope: Scope): Value {
    let piped: Value[] = [];
    for (const { name, operands } of stages) {
      const values = [...operands.map((operand) => this.#value(operand, dot, scope)), ...piped];
      piped = [name === undefined ? values[0] : this.#call(name, values)];
    }
    return piped[0];
  }

  #call(name: string, values: Value[]): Value {
    if (name === 'include') return this.render(String(values[0]), values[1]);
    const made = this.#functions[name];
    if (made === undefined) throw new Error(`there is no function ${name}`);
    return made(...values);
  }

  #value(operand: Operand, dot: Value, scope: Scope): Value {
    if (operand.kind === 'literal') return operand.value;
    if (operand.kind === 'pipeline') return this.#pipe(operand.stages, dot, scope);
    const start = operand.root === '.' ? dot : scope.get(operand.root);
    return operand.path.reduce((value: Value, key) => {
      // Stricter than Helm, to which a misspelt value is an empty one.
      if (typeof value !== 'object' || value === null || !(key in value))
        throw new Error(`nobody gave ${operand.root}${operand.path.join('.')}`);
      return (value as Record<string, Value>)[key];
    }, start);
  }
}

/** What counts as true: neither empty nor nothing nor zero. */
export function isTrue(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== '';
}

function printed(value: Value): string {
  if (typeof value === 'object' || value === undefined)
    throw new Error(`${JSON.stringify(value)} cannot be printed`);
  return String(value);
}

/** Items of a list, or of a map in the order of its keys. */
function entries(value: Value): [Value, Value][] {
  if (Array.isArray(value)) return value.map((item: Value, index) => [index, item]);
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  throw new Error(`no range goes over ${JSON.stringify(value)}`);
}

function tokens(text: string): Token[] {
  const made: Token[] = [];
  let rest = text;
  let trimsNext = false;
  for (;;) {
    const found = /\{\{(- )?([\s\S]*?)( -)?\}\}/.exec(rest);
    let before = found === null ? rest : rest.slice(0, found.index);
    if (trimsNext) before = before.trimStart();
    if (found?.[1] !== undefined) before = before.trimEnd();
    made.push({ kind: 'text', text: before });
    if (found === null) return made;
    const action = (found[2] ?? '').trim();
    if (!action.startsWith('/*')) made.push({ kind: 'action', text: action });
    trimsNext = found[3] !== undefined;
    rest = rest.slice(found.index + found[0].length);
  }
}

/** Reads tokens into nodes. */
class Reader {
  readonly #tokens: readonly Token[];
  readonly #define: (name: string, body: readonly Node[]) => void;
  #at = 0;
  /** The action that ended the last list: `end`, `else …`, or undefined at the end of the file. */
  ended: string | undefined;

  constructor(all: readonly Token[], define: (name: string, body: readonly Node[]) => void) {
    this.#tokens = all;
    this.#define = define;
  }

  list(): { nodes: readonly Node[] } {
    const nodes: Node[] = [];
    for (;;) {
      const token = this.#tokens[this.#at++];
      if (token === undefined) {
        this.ended = undefined;
        return { nodes };
      }
      if (token.kind === 'text') nodes.push({ kind: 'text', text: token.text });
      else if (token.text === 'end' || /^else\b/.test(token.text)) {
        this.ended = token.text;
        return { nodes };
      } else nodes.push(...this.#action(token.text));
    }
  }

  #action(text: string): Node[] {
    const [, keyword = '', rest = ''] = /^(\w+)\s+([\s\S]+)$/.exec(text) ?? [];
    if (keyword === 'define') {
      this.#define(JSON.parse(rest) as string, this.#body(text));
      return [];
    }
    if (keyword === 'if' || keyword === 'with') return [this.#branch(keyword, rest)];
    if (keyword === 'range') {
      const [, names = '', of = rest] = /^((?:\$\w+,\s*)?\$\w+)\s*:=\s*([\s\S]+)$/.exec(rest) ?? [];
      const split = names.split(',').flatMap((name) => (name === '' ? [] : [name.trim()]));
      return [{ kind: 'range', names: split, pipeline: parsePipeline(of), body: this.#body(text) }];
    }
    const [, name, sign, of] = /^(\$\w+)\s*(:=|=)\s*([\s\S]+)$/.exec(text) ?? [];
    if (name !== undefined && of !== undefined)
      return [{ kind: 'set', name, pipeline: parsePipeline(of), how: sign === '=' ? 'assign' : 'declare' }];
    return [{ kind: 'print', pipeline: parsePipeline(text) }];
  }

  #branch(kind: 'if' | 'with', condition: string): Node {
    const pipeline = parsePipeline(condition);
    const { nodes: body } = this.list();
    const [, again, next = ''] = /^else(?:\s+(if|with)\s+([\s\S]+))?$/.exec(this.ended ?? '') ?? [];
    if (this.ended === 'end') return { kind, pipeline, body, otherwise: [] };
    if (this.ended === undefined) throw new Error(`{{ ${kind} ${condition} }} has no end`);
    const otherwise = again === undefined ? this.#body('else') : [this.#branch(again as 'if' | 'with', next)];
    return { kind, pipeline, body, otherwise };
  }

  #body(of: string): readonly Node[] {
    const { nodes } = this.list();
    if (this.ended !== 'end') throw new Error(`{{ ${of} }} has no end`);
    return nodes;
  }
}

const WORD = /\s*("(?:[^"\\]|\\.)*"|[()|]|[^\s()|"]+)/y;

function parsePipeline(text: string): Pipeline {
  const words: string[] = [];
  WORD.lastIndex = 0;
  while (WORD.lastIndex < text.trimEnd().length) {
    const [, word] = WORD.exec(text) ?? [];
    if (word === undefined) throw new Error(`{{ ${text} }} is not understood`);
    words.push(word);
  }
  const { stages, next } = pipelineOf(words, 0);
  if (
    next !== words.length ||
    stages.some((stage) => stage.name === undefined && stage.operands.length !== 1)
  )
    throw new Error(`{{ ${text} }} is not understood`);
  return stages;
}

function pipelineOf(words: readonly string[], from: number): { stages: Command[]; next: number } {
  const stages: Command[] = [];
  let operands: Operand[] = [];
  let name: string | undefined;
  let at = from;
  for (; at < words.length && words[at] !== ')'; at++) {
    const word = words[at]!;
    if (word === '|') {
      stages.push({ name, operands });
      [operands, name] = [[], undefined];
    } else if (word === '(') {
      const { stages: inner, next } = pipelineOf(words, at + 1);
      if (words[next] !== ')') throw new Error('a parenthesis is not closed');
      operands.push({ kind: 'pipeline', stages: inner });
      at = next;
    } else if (operands.length === 0 && name === undefined && /^[a-z]\w*$/i.test(word) && !isConstant(word))
      name = word;
    else operands.push(operandOf(word));
  }
  return { stages: [...stages, { name, operands }], next: at };
}

function isConstant(word: string): boolean {
  return word === 'true' || word === 'false';
}

function operandOf(word: string): Operand {
  if (/^("|-?\d+$)/.test(word) || isConstant(word))
    return { kind: 'literal', value: JSON.parse(word) as Value };
  const [, root, path] = /^(\$\w*|(?=\.))((?:\.\w+)*|\.)$/.exec(word) ?? [];
  if (root === undefined || path === undefined) throw new Error(`${word} is not understood`);
  return {
    kind: 'path',
    root: root === '' ? '.' : root,
    path: path.split('.').filter((part) => part !== ''),
  };
}
