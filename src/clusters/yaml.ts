import { CST, isScalar, LineCounter, Parser, parseDocument, visit } from 'yaml';
import type { Read } from './mistakes.ts';

/** What is read here is three levels deep or six; each level is one more call on the stack of the parser. */
const deepest = 32;

/** What is in a Secret may be as long as this, in characters: ten times what the longest useful one has. */
export const longestInSecret = 65_536;

/**
 * Reads YAML. Its messages name line and column and never show the text around them, for it may be a credential.
 * Whoever wrote it may mean harm: it takes time in proportion to the text.
 *
 * @param where what the mistakes name: a file, or a key of a Secret
 * @param longest how many characters it may have
 */
export function readYaml(where: string, text: string, longest = Number.POSITIVE_INFINITY): Read<unknown> {
  if (text.length > longest) return { mistakes: [`${where}: it has more than ${longest} characters`] };
  // Nested so deep that the stack ends, it would take the whole process down, and no handler would be asked.
  if (isTooDeep(text)) return { mistakes: [`${where}: it is nested more than ${deepest} deep`] };
  const lineCounter = new LineCounter();
  // The parser compares each key with every other one.
  const options = { lineCounter, uniqueKeys: false, prettyErrors: false, logLevel: 'silent' } as const;
  const document = parseDocument(text, options);
  const at = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return `${where}: line ${line}, column ${col}: not YAML`;
  };
  const [error] = document.errors;
  if (error) {
    // One slip brings many errors after it, and this one message repeats what stands there.
    const { code, message, pos } = error;
    const said = code === 'UNEXPECTED_TOKEN' ? 'something that is not expected here' : message;
    return { mistakes: [`${at(pos[0])}: ${said}`] };
  }
  const repeated = repeatedKey(document);
  if (repeated !== undefined) return { mistakes: [`${at(repeated)}: Map keys must be unique`] };
  try {
    return { value: document.toJS() };
  } catch {
    return { mistakes: [`${where}: an alias is used that has no anchor, or too often`] };
  }
}

/** Looks at what the parser has before it makes a tree of it, which takes no recursion. */
function isTooDeep(text: string): boolean {
  for (const token of new Parser().parse(text)) {
    const open: { token: CST.Token; depth: number }[] = [{ token, depth: 0 }];
    for (let next = open.pop(); next; next = open.pop()) {
      const { depth } = next;
      if (depth > deepest) return true;
      for (const inner of partsOf(next.token)) open.push({ token: inner, depth: depth + 1 });
    }
  }
  return false;
}

function partsOf(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value ? [token.value] : [];
  if (!CST.isCollection(token)) return [];
  return token.items.flatMap(({ key, value }) => [...(key ? [key] : []), ...(value ? [value] : [])]);
}

/** Where the first key stands that its map has already. */
function repeatedKey(document: ReturnType<typeof parseDocument>): number | undefined {
  let found: number | undefined;
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          found = key.range?.[0] ?? 0;
          return visit.BREAK;
        }
        seen.add(key.value);
      }
      return undefined;
    },
  });
  return found;
}
