const billionth = 1_000_000_000n;

const multipliers: Record<string, bigint> = {
  n: 1n,
  u: 1_000n,
  m: 1_000_000n,
  '': billionth,
  k: billionth * 10n ** 3n,
  M: billionth * 10n ** 6n,
  G: billionth * 10n ** 9n,
  T: billionth * 10n ** 12n,
  P: billionth * 10n ** 15n,
  E: billionth * 10n ** 18n,
  Ki: billionth * 2n ** 10n,
  Mi: billionth * 2n ** 20n,
  Gi: billionth * 2n ** 30n,
  Ti: billionth * 2n ** 40n,
  Pi: billionth * 2n ** 50n,
  Ei: billionth * 2n ** 60n,
};

/** Nobody writes more digits; reading a million of them would hold up everything else for seconds. */
const longest = 512;
const pattern = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/;

/**
 * Reads a Kubernetes quantity (`1.5Gi`, `100m`, `1e3`) as an exact number of billionths, rounded up as the API
 * server does (k8s.io/apimachinery `resource.Quantity`).
 *
 * @throws RangeError when the text is no quantity
 */
export function parseQuantity(text: string | number): bigint {
  const written = String(text);
  const match = written.length > longest ? null : pattern.exec(written);
  if (!match) throw new RangeError(`"${written.slice(0, 64)}" is not a quantity`);
  const [, sign, digits = '', suffix = '', exponent = '0'] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const power = Number(exponent) - fraction.length;
  if (Math.abs(power) > 400) throw new RangeError(`"${written.slice(0, 64)}" is out of range for a quantity`);
  const unscaled = BigInt(whole + fraction) * (multipliers[suffix] ?? billionth);
  const value = power >= 0 ? unscaled * 10n ** BigInt(power) : divideUp(unscaled, 10n ** BigInt(-power));
  return sign === '-' ? -value : value;
}

const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/**
 * Writes billionths as a quantity, in bytes with a binary suffix where one fits or as a decimal count, exactly as the
 * API server gives it back (k8s.io/apimachinery `Quantity.CanonicalizeBytes`): what we wrote then equals what we want.
 */
export function formatQuantity(value: bigint, form: 'binary' | 'decimal'): string {
  const isBinary = form === 'binary' && value !== 0n && value % (1024n * billionth) === 0n;
  return isBinary ? shorten(value / billionth, 1024n, binary) : shorten(value, 1000n, decimal);
}

function shorten(value: bigint, base: bigint, suffixes: readonly string[]): string {
  if (value === 0n) return '0';
  let rest = value;
  let step = 0;
  while (rest % base === 0n && step < suffixes.length - 1) {
    rest /= base;
    step += 1;
  }
  return `${rest}${suffixes[step]}`;
}

/** The form in which Kubernetes writes a resource: bytes are binary, everything else counts. */
export function formOf(resource: string): 'binary' | 'decimal' {
  return /^(memory|ephemeral-storage|storage|hugepages-.*)$/.test(resource) ? 'binary' : 'decimal';
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
