import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createAuthority } from './authority.ts';
import type { KeyPair } from './keys.ts';

/**
 * The authorities that replicas share. Clients trust all three, so the next one is known to them long before it signs,
 * and what the previous one signed is taken until its holder has a new one: a change of authority has no gap.
 */
export interface Authorities {
  readonly current: KeyPair;
  readonly next: KeyPair;
  /** The certificate alone. */
  readonly previous?: string | undefined;
}

export interface AuthorityTerms {
  readonly commonName: string;
  /** How long the first is good, in milliseconds; each later one twice as long, for it waits as long. */
  readonly life: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The authorities from now on: the same object unless it is time for the next. */
export async function advance(have: Authorities | undefined, terms: AuthorityTerms): Promise<Authorities> {
  const { commonName, life, now } = terms;
  const isDue = ({ cert }: KeyPair) => endOf(cert) - now < life / 3;
  if (have && !isDue(have.current)) return have;
  const next = await createAuthority(commonName, now + 2 * life);
  if (have && !isDue(have.next)) return { current: have.next, next, previous: have.current.cert };
  return { current: await createAuthority(commonName, now + life), next, previous: have?.current.cert };
}

/** What clients are to trust, PEM. */
export function bundleOf({ current, next, previous = '' }: Authorities): string {
  return [current.cert, next.cert, previous].join('');
}

/** When a certificate ends, in milliseconds since 1970. */
export function endOf(cert: string): number {
  return Date.parse(new X509Certificate(cert).validTo);
}

/** As the `data` of a Secret. */
export function writeAuthorities({ current, next, previous }: Authorities): Record<string, string> {
  const parts = {
    'ca.crt': current.cert,
    'ca.key': current.key,
    'next-ca.crt': next.cert,
    'next-ca.key': next.key,
    ...(previous ? { 'previous-ca.crt': previous } : {}),
  };
  const encoded = Object.entries(parts).map(([name, text]) => [name, Buffer.from(text).toString('base64')]);
  return Object.fromEntries(encoded) as Record<string, string>;
}

/** From the `data` of a Secret; undefined when something is missing there or is not what it should be. */
export function readAuthorities(data: Readonly<Record<string, string>> | undefined): Authorities | undefined {
  const text = (name: string) => Buffer.from(data?.[name] ?? '', 'base64').toString();
  const current = { cert: text('ca.crt'), key: text('ca.key') };
  const next = { cert: text('next-ca.crt'), key: text('next-ca.key') };
  const previous = text('previous-ca.crt') || undefined;
  if (!isPair(current) || !isPair(next)) return undefined;
  return { current, next, previous: previous && isCertificate(previous) ? previous : undefined };
}

function isPair({ cert, key }: KeyPair): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).ca;
  } catch {
    return false;
  }
}
