import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../../kube/errors.ts';
import type { KeyPair } from '../../serving/keys.ts';
import { requestCertificate, type SigningOptions } from './signing-request.ts';

export interface SignedCertificateOptions extends SigningOptions {
  /** Given each certificate as it comes. */
  onIssued: (pair: KeyPair) => Promise<void>;
  now?: () => number;
  /** Waits so many milliseconds; rejects when the signal aborts. */
  pause?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
  request?: typeof requestCertificate;
}

/** After a request that came to nothing, in milliseconds: whoever denied it must not be flooded. */
const retryAfter = 15 * 60_000;
/** Node's timers know no longer time than 24 days. */
const longestPause = 86_400_000;

/**
 * Has the serving certificate signed, and signed anew, with new keys, when two thirds of its life are over.
 * Resolves when the signal aborts; never rejects.
 */
export async function keepSigned(options: SignedCertificateOptions, signal: AbortSignal): Promise<void> {
  const { onIssued, logger, now = Date.now, pause = wait, request = requestCertificate } = options;
  while (!signal.aborted) {
    try {
      const pair = await request(options, signal);
      await onIssued(pair);
      const renewal = renewalOf(pair.cert);
      logger.info({ renewal: new Date(renewal).toISOString() }, 'the serving certificate was signed');
      while (now() < renewal) await pause(Math.min(renewal - now(), longestPause), signal);
    } catch (error) {
      if (signal.aborted) return;
      logger.warn({ error: describeError(error) }, 'the serving certificate was not signed; tried again');
      await pause(retryAfter, signal).catch(() => {});
    }
  }
}

/** When a certificate should be renewed, in milliseconds since 1970. */
function renewalOf(cert: string): number {
  const { validFrom, validTo } = new X509Certificate(cert);
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  return from + ((to - from) * 2) / 3;
}

function wait(milliseconds: number, signal: AbortSignal): Promise<unknown> {
  // Of a program that has nothing else to do, a renewal is no reason to stay.
  return sleep(milliseconds, undefined, { signal, ref: false });
}
