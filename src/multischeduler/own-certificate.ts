import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { createAuthority, issueCertificate } from '../serving/authority.ts';
import type { KeyPair } from '../serving/keys.ts';

const day = 86_400_000;
const authorityDays = 3650;
const servingDays = 365;
/** A certificate is made anew when it has fewer days left. */
const daysLeft = 60;

/** The files of a certificate, PEM. */
interface CertificateFiles {
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
  if (hasAuthority && (await isGood(serving, authority, names))) return serving;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (!hasAuthority) await makeAuthority(authority);
  await issue(authority, serving, names);
  return serving;
}

function filesIn(directory: string, name: string): CertificateFiles {
  return { certFile: join(directory, `${name}.crt`), keyFile: join(directory, `${name}.key`) };
}

/** Half a file, or one of another authority, is made anew as well. */
async function isGood(
  { certFile, keyFile }: CertificateFiles,
  authority: CertificateFiles,
  names: readonly string[],
): Promise<boolean> {
  if (!existsSync(certFile) || !existsSync(keyFile)) return false;
  try {
    const certificate = new X509Certificate(await readFile(certFile, 'utf8'));
    const issuer = new X509Certificate(await readFile(authority.certFile, 'utf8'));
    const covers = (name: string) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name));
    return (
      certificate.checkPrivateKey(createPrivateKey(await readFile(keyFile, 'utf8'))) &&
      certificate.verify(issuer.publicKey) &&
      Date.parse(certificate.validTo) - Date.now() > daysLeft * day &&
      names.every(covers)
    );
  } catch {
    return false;
  }
}

async function makeAuthority(files: CertificateFiles): Promise<void> {
  await write(files, await createAuthority('isthmus-multischeduler', inDays(authorityDays)));
}

async function issue(
  authority: CertificateFiles,
  serving: CertificateFiles,
  names: readonly string[],
): Promise<void> {
  const signer = {
    cert: await readFile(authority.certFile, 'utf8'),
    key: await readFile(authority.keyFile, 'utf8'),
  };
  await write(serving, await issueCertificate(signer, names, inDays(servingDays)));
}

/** In milliseconds since 1970. */
function inDays(days: number): number {
  return Date.now() + days * day;
}

/** The key first, and each whole: a reader never finds a certificate without its key for long. */
async function write(files: CertificateFiles, { cert, key }: KeyPair): Promise<void> {
  await replace(files.keyFile, key, 0o600);
  await replace(files.certFile, cert, 0o644);
}

async function replace(file: string, text: string, mode: number): Promise<void> {
  await writeFile(`${file}.new`, text, { mode });
  await rename(`${file}.new`, file);
}
