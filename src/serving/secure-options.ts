import { constants } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { describeError, KubeError } from '../kube/errors.ts';
import type { KeyPair } from './keys.ts';

/**
 * The server's side of TLS. Without a client CA nobody's certificate passes: the empty list stands for that,
 * since a missing one stands for the public authorities. Sessions are not resumed, because a resumed one brings
 * along the verdict of a client CA that may have been replaced.
 *
 * @param whose what serves with it, as in "the webhook"
 * @throws KubeError `Configuration` when certificate and key do not belong together
 */
export function secureOptions(
  { cert, key }: KeyPair,
  clientCa: string | undefined,
  whose: string,
): SecureContextOptions {
  const options: SecureContextOptions = {
    cert,
    key,
    ca: clientCa === undefined ? [] : [clientCa],
    minVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
  try {
    createSecureContext(options);
  } catch (error) {
    throw new KubeError('Configuration', `the certificate of ${whose}: ${describeError(error)}`);
  }
  return options;
}
