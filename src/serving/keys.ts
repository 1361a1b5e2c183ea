import { webcrypto } from 'node:crypto';

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  cert: string;
  key: string;
}

/** How every key of ours signs. */
export const servingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Loaded when it is needed: a quarter of a second that a server with a certificate of its own does not spend. */
export async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

/** New keys of a server; they are nowhere but in memory. */
export function createServingKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(servingAlgorithm, true, ['sign', 'verify']);
}

/** The private key as PEM, as TLS wants it. */
export async function privateKeyPem({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const { PemConverter } = await loadX509();
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY')}\n`;
}
