import { KubeError } from './errors.ts';
import { isLabelKey, isLabelValue } from './label-syntax.ts';

/** One condition of a label selector; the operators are those of a NodeSelectorRequirement, too. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: string[];
}

/** Of a condition that is none, in a message. */
const longestShown = 64;
const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const equality = /^([^!=\s]+)\s*(==|=|!=)\s*([^!=\s]*)$/;
const presence = /^(!?)\s*([^!=\s()]+)$/;

/**
 * Reads a label selector as kubectl's `-l` takes it (k8s.io/apimachinery/pkg/labels, Parse).
 *
 * @example parseLabelSelector('pool=gpu,zone in (a, b),!spot')
 * @throws KubeError `BadRequest`
 */
export function parseLabelSelector(text: string): LabelRequirement[] {
  if (text.trim() === '') return [];
  return conditionsOf(text).map((part) => parseRequirement(part.trim()));
}

/** Whether a text is a label selector that {@link parseLabelSelector} can read, and says something. */
export function isLabelSelector(text: string): boolean {
  try {
    return parseLabelSelector(text).length > 0;
  } catch {
    return false;
  }
}

/** A comma within parentheses separates values, not conditions. */
function conditionsOf(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let isWithin = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '(') isWithin = true;
    else if (character === ')') isWithin = false;
    else if (character === ',' && !isWithin) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, text.slice(start)];
}

function parseRequirement(text: string): LabelRequirement {
  const requirement = readRequirement(text);
  const { key = '', values = [] } = requirement ?? {};
  if (requirement && isLabelKey(key) && values.every(isLabelValue)) return requirement;
  throw new KubeError('BadRequest', `"${text.slice(0, longestShown)}" is no condition of a label selector`);
}

function readRequirement(text: string): LabelRequirement | undefined {
  const [, setKey, word, list = ''] = set.exec(text) ?? [];
  if (setKey !== undefined) {
    const values = list.split(',').map((value) => value.trim());
    return { key: setKey, operator: word === 'in' ? 'In' : 'NotIn', values };
  }
  const [, equalKey, sign, value = ''] = equality.exec(text) ?? [];
  if (equalKey !== undefined)
    return { key: equalKey, operator: sign === '!=' ? 'NotIn' : 'In', values: [value] };
  const [, not, key] = presence.exec(text) ?? [];
  return key === undefined ? undefined : { key, operator: not ? 'DoesNotExist' : 'Exists' };
}
