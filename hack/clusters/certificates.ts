import 'reflect-metadata';
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A certificate and its key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate is for. With addresses or names it can serve; it can always be used by a client. */
export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly names?: readonly string[];
  readonly addresses?: readonly string[];
}

/** A certificate authority of its own, good for a day less than ten years: a local cluster may be kept. */
export interface Authority extends KeyPair {
  issue(request: CertificateRequest): Promise<KeyPair>;
}

/** Makes a new authority; its certificates are valid from an hour ago, since clocks differ. */
export async function createAuthority(commonName: string): Promise<Authority> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: nameOf({ commonName }),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: await exportKey(keys.privateKey),
    issue: async (request) => {
      const own = await generateKeys();
      const issued = await x509.X509CertificateGenerator.create({
        ...validity(),
        subject: nameOf(request),
        issuer: certificate.subjectName.toJSON(),
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: [
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([
            x509.ExtendedKeyUsage.clientAuth,
            x509.ExtendedKeyUsage.serverAuth,
          ]),
          await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
          ...alternativeNames(request),
        ],
      });
      return { certificate: `${issued.toString('pem')}\n`, key: await exportKey(own.privateKey) };
    },
  };
}

/** A key pair that signs service account tokens: kube-apiserver wants the public half by itself. */
export async function createTokenKeys(): Promise<{ publicKey: string; key: string }> {
  const key = await exportKey((await generateKeys()).privateKey);
  const publicKey: KeyObject = createPublicKey(createPrivateKey(key));
  return { publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(), key };
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

function nameOf({ commonName, organizations = [] }: CertificateRequest): x509.JsonName {
  return [...organizations.map((organization) => ({ O: [organization] })), { CN: [commonName] }];
}

function alternativeNames({ names = [], addresses = [] }: CertificateRequest): x509.Extension[] {
  const all: x509.JsonGeneralNames = [
    ...names.map((value) => ({ type: 'dns' as const, value })),
    ...addresses.map((value) => ({ type: 'ip' as const, value })),
  ];
  return all.length > 0 ? [new x509.SubjectAlternativeNameExtension(all)] : [];
}

function validity(): { serialNumber: string; notBefore: Date; notAfter: Date } {
  const now = Date.now();
  const days = 24 * 3600 * 1000;
  return {
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    notBefore: new Date(now - 3600 * 1000),
    notAfter: new Date(now + 3649 * days),
  };
}
