import { randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { X509CertificateCreateParamsBase } from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 86_400_000;
const authorityDays = 3650;
const servingDays = 365;
/** A certificate is made anew when it has fewer days left. */
const daysLeft = 60;

/**
 * A serving certificate of an authority of our own, both kept in a folder: `ca.crt`, which schedulers are given as
 * `caFile` or `caData`, stays the same for ten years; `tls.crt` is made anew when it ends soon, or when the names do
 * not cover ours any more.
 */
export async function ownCertificate(
  directory: string,
  names: readonly string[],
): Promise<{ certFile: string; keyFile: string }> {
  const file = (name: string) => join(directory, name);
  const certFile = file('tls.crt');
  const keyFile = file('tls.key');
  if (await isGood(certFile, names)) return { certFile, keyFile };
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const write = async (name: string, text: string, mode: number) => {
    await writeFile(file(`${name}.new`), text, { mode });
    await rename(file(`${name}.new`), file(name));
  };
  const writeKey = async (name: string, key: webcrypto.CryptoKey) => {
    const pem = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
    await write(name, `${pem}\n`, 0o600);
  };
  const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const hasAuthority = existsSync(file('ca.crt')) && existsSync(file('ca.key'));
  if (!hasAuthority) {
    const keys = await newKeys();
    const authority = await x509.X509CertificateGenerator.createSelfSigned({
      ...lifetime(authorityDays),
      name: [{ CN: ['isthmus-multischeduler-ca'] }],
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    await writeKey('ca.key', keys.privateKey);
    await write('ca.crt', `${authority.toString('pem')}\n`, 0o644);
  }
  const authority = new x509.X509Certificate(await readFile(file('ca.crt'), 'utf8'));
  const authorityKey = x509.PemConverter.decodeFirst(await readFile(file('ca.key'), 'utf8'));
  const signingKey = await webcrypto.subtle.importKey('pkcs8', authorityKey, algorithm, false, ['sign']);
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    ...lifetime(servingDays),
    subject: [{ CN: ['isthmus-multischeduler'] }],
    issuer: authority.subjectName.toJSON(),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
      ),
    ],
  });
  await writeKey('tls.key', keys.privateKey);
  await write('tls.crt', `${certificate.toString('pem')}\n`, 0o644);
  return { certFile, keyFile };
}

async function isGood(certFile: string, names: readonly string[]): Promise<boolean> {
  if (!existsSync(certFile)) return false;
  const certificate = new X509Certificate(await readFile(certFile, 'utf8'));
  const covers = (name: string) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name));
  return Date.parse(certificate.validTo) - Date.now() > daysLeft * day && names.every(covers);
}

/** From an hour ago, since clocks differ. */
function lifetime(
  days: number,
): Pick<X509CertificateCreateParamsBase, 'serialNumber' | 'notBefore' | 'notAfter'> {
  return {
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    notBefore: new Date(Date.now() - day / 24),
    notAfter: new Date(Date.now() + days * day),
  };
}
