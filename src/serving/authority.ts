import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { createServingKeys, type KeyPair, loadX509, privateKeyPem, servingAlgorithm } from './keys.ts';

/** Clocks differ: everything is valid from an hour ago. */
const earlier = 3_600_000;

/** Makes an authority of our own. @param until when it ends, in milliseconds since 1970 */
export async function createAuthority(commonName: string, until: number): Promise<KeyPair> {
  const x509 = await loadX509();
  const keys = await createServingKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...lifeUntil(until),
    // Another name each time: Go looks for the signer by its name among those that it trusts.
    name: [{ CN: [`${commonName}-${randomBytes(4).toString('hex')}`] }],
    keys,
    signingAlgorithm: servingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: await privateKeyPem(keys) };
}

/** Makes a certificate for a server at these IP addresses and DNS names. @param until as in {@link createAuthority} */
export async function issueCertificate(
  authority: KeyPair,
  hosts: readonly string[],
  until: number,
): Promise<KeyPair> {
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(authority.cert);
  const [der] = x509.PemConverter.decode(authority.key);
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    der ?? new ArrayBuffer(),
    servingAlgorithm,
    false,
    ['sign'],
  );
  const keys = await createServingKeys();
  const names = hosts.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }));
  const certificate = await x509.X509CertificateGenerator.create({
    ...lifeUntil(until),
    subject: [{ CN: ['isthmus'] }],
    issuer: issuer.subjectName.toJSON(),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: servingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      new x509.SubjectAlternativeNameExtension(names),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: await privateKeyPem(keys) };
}

function lifeUntil(until: number) {
  return {
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    notBefore: new Date(Date.now() - earlier),
    notAfter: new Date(until),
  };
}
