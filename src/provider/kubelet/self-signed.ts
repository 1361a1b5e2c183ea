import { randomBytes } from 'node:crypto';
import {
  createServingKeys,
  type KeyPair,
  loadX509,
  privateKeyPem,
  servingAlgorithm,
} from '../../serving/keys.ts';
import { kubeletSubject, subjectAlternativeNames } from './serving-keys.ts';

const day = 86_400_000;

/**
 * Makes a certificate for a server that nobody vouches for, good for a year from an hour ago, since clocks
 * differ. API servers take it unless they were given a CA for kubelets.
 *
 * @param addresses IP addresses and DNS names of the server
 */
export async function selfSigned(nodeName: string, addresses: readonly string[]): Promise<KeyPair> {
  const x509 = await loadX509();
  const keys = await createServingKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    notBefore: new Date(Date.now() - day / 24),
    notAfter: new Date(Date.now() + 365 * day),
    name: kubeletSubject(nodeName),
    keys,
    signingAlgorithm: servingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(subjectAlternativeNames(nodeName, addresses)),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: await privateKeyPem(keys) };
}
