import { setTimeout as sleep } from 'node:timers/promises';
import { backoffDelay } from '../../kube/backoff.ts';
import type { Client } from '../../kube/client.ts';
import { hasCode, KubeError } from '../../kube/errors.ts';
import type { Logger } from '../../kube/logger.ts';
import { certificateSigningRequests, type Resource } from '../../kube/resources.ts';
import { isPassing } from '../../kube/transport.ts';
import type { KubeObject } from '../../kube/types.ts';
import {
  createServingKeys,
  type KeyPair,
  loadX509,
  privateKeyPem,
  servingAlgorithm,
} from '../../serving/keys.ts';
import { kubeletSubject, subjectAlternativeNames } from './serving-keys.ts';

export interface SigningOptions {
  upper: Client;
  nodeName: string;
  /** IP addresses and DNS names of the server. */
  addresses: readonly string[];
  logger: Logger;
}

interface CertificateSigningRequest extends KubeObject {
  spec: { request: string; signerName: string; usages: string[] };
  status?: { certificate?: string; conditions?: { type: string; message?: string }[] };
}

/** Between two looks at a request; somebody must approve it, which may take a moment or a day. In milliseconds. */
const pauses = { first: 1_000, most: 10_000 };
const resource = certificateSigningRequests as Resource<CertificateSigningRequest>;

/**
 * Asks the upper cluster to sign a certificate for new keys (signer `kubernetes.io/kubelet-serving`), says in the
 * log how to approve it, and waits for as long as that takes.
 *
 * @throws KubeError `Forbidden` when it was denied or failed, `NotFound` when the cluster has cleaned it away
 */
export async function requestCertificate(options: SigningOptions, signal: AbortSignal): Promise<KeyPair> {
  const { upper, nodeName, addresses, logger } = options;
  const keys = await createServingKeys();
  const x509 = await loadX509();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: kubeletSubject(nodeName),
    keys,
    signingAlgorithm: servingAlgorithm,
    extensions: [new x509.SubjectAlternativeNameExtension(subjectAlternativeNames(nodeName, addresses))],
  });
  const { metadata } = await upper.create(resource, {
    metadata: { generateName: `isthmus-${nodeName}-` },
    spec: {
      request: Buffer.from(request.toString('pem')).toString('base64'),
      signerName: 'kubernetes.io/kubelet-serving',
      usages: ['digital signature', 'server auth'],
    },
  });
  const name = metadata?.name ?? '';
  logger.warn(
    { approve: `kubectl certificate approve ${name}` },
    'the serving certificate of the kubelet port waits for approval',
  );
  for (let attempt = 1; ; attempt++) {
    const cert = await issued(upper, name, signal);
    if (cert !== undefined) return { cert, key: await privateKeyPem(keys) };
    await sleep(backoffDelay(pauses, attempt), undefined, { signal });
  }
}

/** The certificate, when it is there. An upper cluster that is away is asked again. */
async function issued(upper: Client, name: string, signal: AbortSignal): Promise<string | undefined> {
  let status: CertificateSigningRequest['status'];
  try {
    ({ status } = await upper.get(resource, { name }, { signal }));
  } catch (error) {
    if (hasCode(error, 'Aborted') || !isPassing(error)) throw error;
    return undefined;
  }
  const refusal = status?.conditions?.find(({ type }) => type === 'Denied' || type === 'Failed');
  if (refusal) {
    const why = refusal.message ? `: ${refusal.message}` : '';
    throw new KubeError('Forbidden', `certificate signing request ${name} is ${refusal.type}${why}`);
  }
  return status?.certificate ? Buffer.from(status.certificate, 'base64').toString() : undefined;
}
