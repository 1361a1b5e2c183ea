/** Words of one run that say the same as others in another run, and what to write for them. */
export type Words = readonly (readonly [word: string, instead: string])[];

/** What differs in any two runs of a pod. */
const everywhere: readonly [RegExp, string][] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>'],
  // The folder of one state of a volume.
  [/\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d+/g, '..<time>'],
  [/\b[0-9a-f]{64}\b/g, '<id>'],
  // A kernel namespace that is not the node's is the pod's own.
  [/\b(ipc|net|pid|user|uts):\[\d+\]/g, '$1 of the pod'],
  [/\bkube-api-access-[a-z0-9]{5}\b/g, 'kube-api-access-<random>'],
];

/** The same object with everything replaced that must differ. Longer words first: a name may begin with another. */
export function normalized<T extends object>(observed: T, words: Words): T {
  const sorted = words.filter(([word]) => word !== '').sort(([a], [b]) => b.length - a.length);
  let text = JSON.stringify(observed, (_key, value: unknown) => {
    if (typeof value === 'number') return String(value);
    return typeof value === 'string' ? claimed(value) : value;
  });
  for (const [word, instead] of sorted)
    text = text.replaceAll(whole(JSON.stringify(word).slice(1, -1)), instead);
  for (const [pattern, instead] of everywhere) text = text.replaceAll(pattern, instead);
  return JSON.parse(text) as T;
}

/** A number or an address must not be found within a longer one. */
function whole(word: string): RegExp {
  const text = word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(/^[\d.]+$/.test(word) ? `(?<![\\d.])${text}(?!\\d)` : text, 'g');
}

/** For the payload of a token its claims, with how long it lives in place of when. */
function claimed(value: string): string {
  if (!/^eyJ[\w-]+$/.test(value)) return value;
  const { exp, iat, nbf, jti, ...claims } = JSON.parse(Buffer.from(value, 'base64url').toString()) as Claims;
  const { warnafter, ...kubernetes } = claims['kubernetes.io'];
  return JSON.stringify({
    ...claims,
    'kubernetes.io': kubernetes,
    life: exp - iat,
    begins: nbf - iat,
    warns: warnafter === undefined ? undefined : warnafter - iat,
    hasId: jti !== '',
  });
}

interface Claims {
  exp: number;
  iat: number;
  nbf: number;
  jti: string;
  'kubernetes.io': { warnafter?: number };
}
