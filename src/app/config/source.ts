import { isCollection, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { fail, ok, type Result } from '../../base/result.ts';

/** Keys and indices that lead to a value. */
export type Path = readonly (string | number)[];

/** What is wrong, and where. `place` is `file:line:column`, a variable or a flag. */
export interface ConfigFault {
  readonly place: string;
  /** `trunks[0].country`, or empty. */
  readonly path: string;
  readonly message: string;
}

/** A YAML file's values, and where each stands. */
export interface YamlSource {
  readonly values: unknown;
  /** `file:line:column` of the value, or of what is nearest when it is absent. */
  place(path: Path): string;
  /** `file:line:column` of a key in the map at `path`. */
  placeOfKey(path: Path, key: string): string;
}

/** Reads YAML 1.2. Syntax errors and duplicate keys are faults with their place. */
export function readYaml(text: string, file: string): Result<YamlSource, readonly ConfigFault[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  if (document.errors.length > 0) {
    return fail(
      document.errors.map((error) => ({ place: at(error.pos[0]), path: '', message: error.message })),
    );
  }
  const offsetOf = (path: Path): number => {
    for (let depth = path.length; depth >= 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true);
      if (isNode(node) && node.range) return node.range[0];
    }
    return 0;
  };
  let values: unknown;
  try {
    values = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return fail([
      { place: at(0), path: '', message: error instanceof Error ? error.message : String(error) },
    ]);
  }
  return ok({
    values,
    place: (path) => at(offsetOf(path)),
    placeOfKey: (path, key) => {
      const map = path.length === 0 ? document.contents : document.getIn(path, true);
      const pair =
        isCollection(map) && isMap(map)
          ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
          : undefined;
      const offset = isNode(pair?.key) ? pair.key.range?.[0] : undefined;
      return at(offset ?? offsetOf(path));
    },
  });
}

/** `trunks[0].country`. */
export function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}

/** One line: `file:line:column path: message`. A secret never stands in it. */
export function formatFault({ place, path, message }: ConfigFault): string {
  return path === '' ? `${place}: ${message}` : `${place} ${path}: ${message}`;
}
