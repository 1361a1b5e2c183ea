import type { z } from 'zod';
import { nearest } from './nearest.ts';

/** Either what was read, or every mistake in one line each, such as a person can act on. */
export type Read<T> = { readonly value: T } | { readonly mistakes: readonly string[] };

/** Nobody reads more of them at once, and whoever writes a Secret must not fill our log. */
const mostTold = 5;

/** The lines of the first few mistakes, and how many more there are. */
export function told<T>(mistakes: readonly T[], lineOf: (mistake: T) => string): string[] {
  const more = mistakes.length - mostTold;
  return [...mistakes.slice(0, mostTold).map(lineOf), ...(more > 0 ? [`and ${more} more`] : [])];
}

/** Longer values are not repeated: nobody reads them, and one may be a token in the wrong place. */
const longestShown = 48;

/**
 * One line for each of the first mistakes that zod has found; the messages of our schemas say what was expected.
 *
 * @param where the file or Secret
 * @param keysAt the keys that may stand at a path, for an unknown one
 */
export function mistakeLines(
  where: string,
  issues: readonly z.core.$ZodIssue[],
  keysAt: (path: readonly PropertyKey[]) => readonly string[],
): string[] {
  const single = issues.flatMap((issue): z.core.$ZodIssue[] =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => ({ ...issue, keys: [key] })) : [issue],
  );
  return told(single, (issue) => mistakeLine(where, issue, keysAt));
}

function mistakeLine(
  where: string,
  issue: z.core.$ZodIssue,
  keysAt: (path: readonly PropertyKey[]) => readonly string[],
): string {
  const place = placeOf(where, issue.path);
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const known = keysAt(issue.path);
    const meant = nearest(key, known);
    const advice = meant ? `did you mean "${meant}"?` : `known are ${known.join(', ')}`;
    return `${place}: unknown key "${visible(key, longestShown)}"; ${advice}`;
  }
  if (issue.input === undefined) return `${place}: missing; expected ${issue.message}`;
  return `${place}: expected ${issue.message}, found ${shown(issue.input)}`;
}

/** The beginning of a text, as it may stand in a line: what moves the cursor of a terminal could hide the rest of it. */
export function visible(text: string, longest: number): string {
  return text.slice(0, longest).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
}

/** `clusters.yaml: clusters[2].capacity["nvidia.com/gpu"]` */
export function placeOf(where: string, path: readonly PropertyKey[]): string {
  let place = '';
  for (const part of path) {
    if (typeof part === 'number') place += `[${part}]`;
    else if (/^[A-Za-z][\w-]*$/.test(String(part))) place += `${place && '.'}${String(part)}`;
    else place += `[${JSON.stringify(String(part).slice(0, longestShown))}]`;
  }
  return place === '' ? where : `${where}: ${place}`;
}

/** A value as a person would call it. */
function shown(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > longestShown + 2 || text.includes('\\n') ? `${text.length - 2} characters` : text;
}
