import { Lexer, LineCounter, Parser, parseDocument } from 'yaml';
import type { Read } from './mistakes.ts';

/** A Secret holds no more, in characters. */
const longest = 1_048_576;
/** A kubeconfig has seven levels. The parser calls itself for each, and V8 ends a process that runs out of stack. */
const deepest = 64;

/**
 * Reads YAML. Its messages name line and column and never show the text around them, for it may be a credential.
 *
 * @param where what the mistakes name: a file, or a key of a Secret
 */
export function readYaml(where: string, text: string): Read<unknown> {
  if (text.length > longest) return { mistakes: [`${where}: it is longer than ${longest} characters`] };
  if (isTooDeep(text)) return { mistakes: [`${where}: it is nested deeper than ${deepest} levels`] };
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'silent' });
  const mistakes = document.errors.map(({ code, message, pos }) => {
    const { line, col } = lineCounter.linePos(pos[0]);
    // This one message repeats what stands there.
    const said = code === 'UNEXPECTED_TOKEN' ? 'something that is not expected here' : message;
    return `${where}: line ${line}, column ${col}: not YAML: ${said}`;
  });
  // One slip brings many errors after it.
  if (mistakes.length > 0) return { mistakes: mistakes.slice(0, 1) };
  try {
    return { value: document.toJS() };
  } catch {
    return { mistakes: [`${where}: an alias is used that has no anchor, or too often`] };
  }
}

/** Follows the parser token by token: what it keeps open is a list, and takes no stack. */
function isTooDeep(text: string): boolean {
  const parser = new Parser();
  for (const token of new Lexer().lex(text)) {
    Array.from(parser.next(token));
    if (parser.stack.length > deepest) return true;
  }
  return false;
}
