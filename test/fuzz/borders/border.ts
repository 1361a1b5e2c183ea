import fc from 'fast-check';
import { stringify } from 'yaml';
import type { Read } from '../../../src/clusters/mistakes.ts';
import { describeError, KubeError } from '../../../src/kube/errors.ts';
import { deep, hostileText, stringifyDeep } from '../parts/hostile-values.ts';
import { damaged } from '../parts/mutate-bytes.ts';
import { mutated } from '../parts/mutate-json.ts';

/** A place where text that others wrote is read. */
export interface Border {
  readonly name: string;
  /** Whether it takes milliseconds to read one. */
  readonly isCostly?: true;
  /** The files of src/ whose reading this throws input at. */
  readonly covers: readonly string[];
  readonly inputs: fc.Arbitrary<string>;
  /** Reads, and answers in a word how it went. @throws what a reader may, and what it may not */
  readonly read: (text: string) => string | Promise<string>;
  /** What it may throw; a KubeError unless told. */
  readonly mayThrow?: (error: unknown) => boolean;
}

/** One line that a person can act on, and no message of the language. */
const ofTheLanguage =
  /Cannot (read|convert|destructure)|is not (a function|iterable|defined)|undefined|\[object|call stack|Invalid (time|array|string)/;
const longestLine = 2_000;

/** Throws one text at a border. @throws when what is said of it is not what a person can use */
export async function cross({ read, mayThrow = isKubeError }: Border, text: string): Promise<string> {
  try {
    return await read(text);
  } catch (error) {
    if (!mayThrow(error)) throw error;
    // As everything is told that goes wrong; what a flag says may be said again as it is.
    checkLine(describeError(error), text, longestLine + 2 * text.length);
    return 'refused';
  }
}

/** How a reading went that tells its mistakes. */
export function ofRead(read: Read<unknown>, text: string): string {
  if ('value' in read) return 'read';
  if (read.mistakes.length === 0) throw new Error('no mistake is told');
  for (const line of read.mistakes) checkLine(line, text);
  return 'refused';
}

function checkLine(line: string, text: string, longest = longestLine): void {
  if (line === '' || line.length > longest || /[\r\n]/.test(line))
    throw new Error(`no line: ${JSON.stringify(line.slice(0, 300))}`);
  // What was written may be said again.
  if (ofTheLanguage.test(line) && !ofTheLanguage.test(text))
    throw new Error(`of no use to anybody: ${line.slice(0, 300)}`);
}

function isKubeError(error: unknown): boolean {
  return error instanceof KubeError;
}

/** Texts of no kind, good ones that were damaged, and good values of which some places are hostile. */
export function textsLike(texts: readonly string[], values: readonly unknown[] = []): fc.Arbitrary<string> {
  const hostile = [
    { weight: 2, arbitrary: hostileText },
    { weight: 5, arbitrary: damaged(texts) },
    { weight: 1, arbitrary: fc.constantFrom(...texts).map((text) => text.repeat(5)) },
  ];
  if (values.length === 0) return fc.oneof(...hostile);
  const change = mutated(values);
  return fc.oneof(
    ...hostile,
    { weight: 5, arbitrary: change.map((value) => JSON.stringify(value) ?? '') },
    { weight: 1, arbitrary: change.map(toYaml) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(10, 40, 1_000).map((depth) => stringifyDeep({ a: deep }, depth)),
    },
  );
}

function toYaml(value: unknown): string {
  try {
    return stringify(value) ?? '';
  } catch {
    return '';
  }
}
