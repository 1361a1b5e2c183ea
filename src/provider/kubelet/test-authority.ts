import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { KeyPair } from '../../serving/keys.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const hour = 3_600_000;

export interface TestCertificate {
  commonNames: string[];
  organizations?: string[];
  /** Client certificates unless told. */
  usage?: 'client' | 'server';
  /** Hours from now; negative has expired. */
  expires?: number;
}

/** A new authority for tests of who may call, or another's that signs with an EC key. */
export class TestAuthority {
  readonly #pair: KeyPair;

  constructor(pair: KeyPair) {
    this.#pair = pair;
  }

  static async create(commonName: string): Promise<TestAuthority> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      notBefore: new Date(Date.now() - 2 * hour),
      notAfter: new Date(Date.now() + hour),
      name: [{ CN: [commonName] }],
      keys,
      signingAlgorithm: algorithm,
      extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
    });
    return new TestAuthority({ cert: certificate.toString('pem'), key: await pemOf(keys.privateKey) });
  }

  get cert(): string {
    return this.#pair.cert;
  }

  async issue({ commonNames, organizations = [], usage, expires = 1 }: TestCertificate): Promise<KeyPair> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const issuer = new x509.X509Certificate(this.#pair.cert);
    const der = createPrivateKey(this.#pair.key).export({ type: 'pkcs8', format: 'der' });
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).toString('hex'),
      notBefore: new Date(Date.now() - 2 * hour),
      notAfter: new Date(Date.now() + expires * hour),
      subject: [
        ...organizations.map((organization) => ({ O: [organization] })),
        ...commonNames.map((name) => ({ CN: [name] })),
      ],
      issuer: issuer.subjectName.toJSON(),
      publicKey: keys.publicKey,
      signingKey: await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']),
      signingAlgorithm: algorithm,
      extensions: [
        new x509.ExtendedKeyUsageExtension([
          usage === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
        ]),
        new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
      ],
    });
    return { cert: certificate.toString('pem'), key: await pemOf(keys.privateKey) };
  }
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}
