import { randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 86_400_000;
const authorityDays = 3650;
const servingDays = 365;
/** A certificate is made anew when it has fewer days left. */
const daysLeft = 60;

/** The files of a certificate, PEM. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * A serving certificate of an authority of our own, both kept in a folder: `ca.crt`, which schedulers are given as
 * `caFile` or `caData`, stays the same for ten years; `tls.crt` is made anew when it ends soon, or when it does not
 * cover our names any more.
 */
export async function ownCertificate(directory: string, names: readonly string[]): Promise<CertificateFiles> {
  const authority = filesIn(directory, 'ca');
  const serving = filesIn(directory, 'tls');
  const hasAuthority = existsSync(authority.certFile) && existsSync(authority.keyFile);
  if (hasAuthority && (await isGood(serving, names))) return serving;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (!hasAuthority) await makeAuthority(authority);
  await issue(authority, serving, names);
  return serving;
}

function filesIn(directory: string, name: string): CertificateFiles {
  return { certFile: join(directory, `${name}.crt`), keyFile: join(directory, `${name}.key`) };
}

async function isGood({ certFile, keyFile }: CertificateFiles, names: readonly string[]): Promise<boolean> {
  if (!existsSync(certFile) || !existsSync(keyFile)) return false;
  const certificate = new X509Certificate(await readFile(certFile, 'utf8'));
  const covers = (name: string) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name));
  return Date.parse(certificate.validTo) - Date.now() > daysLeft * day && names.every(covers);
}

async function makeAuthority(files: CertificateFiles): Promise<void> {
  const x509 = await loadX509();
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
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
  await write(files, certificate.toString('pem'), keys);
}

async function issue(
  authority: CertificateFiles,
  serving: CertificateFiles,
  names: readonly string[],
): Promise<void> {
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(await readFile(authority.certFile, 'utf8'));
  const issuerKey = x509.PemConverter.decodeFirst(await readFile(authority.keyFile, 'utf8'));
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    ...lifetime(servingDays),
    subject: [{ CN: ['isthmus-multischeduler'] }],
    issuer: issuer.subjectName.toJSON(),
    publicKey: keys.publicKey,
    signingKey: await webcrypto.subtle.importKey('pkcs8', issuerKey, algorithm, false, ['sign']),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
      ),
    ],
  });
  await write(serving, certificate.toString('pem'), keys);
}

/** Loaded when it is needed: a quarter of a second that a server with a certificate already does not spend. */
async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

/** From an hour ago, since clocks differ. */
function lifetime(days: number): { serialNumber: string; notBefore: Date; notAfter: Date } {
  return {
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    notBefore: new Date(Date.now() - day / 24),
    notAfter: new Date(Date.now() + days * day),
  };
}

/** The key first, and each whole: a reader never finds a certificate without its key for long. */
async function write(
  files: CertificateFiles,
  certificate: string,
  { privateKey }: webcrypto.CryptoKeyPair,
): Promise<void> {
  const { PemConverter } = await loadX509();
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY');
  await replace(files.keyFile, `${key}\n`, 0o600);
  await replace(files.certFile, `${certificate}\n`, 0o644);
}

async function replace(file: string, text: string, mode: number): Promise<void> {
  await writeFile(`${file}.new`, text, { mode });
  await rename(`${file}.new`, file);
}
