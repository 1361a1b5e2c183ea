import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SecureContextOptions } from 'node:tls';
import { describeError, KubeError } from '../kube/errors.ts';
import type { Logger } from '../kube/logger.ts';
import { secureOptions } from '../serving/secure-options.ts';
import { ownCertificate } from './own-certificate.ts';

export interface CertificatesOptions {
  /** Files of PEM, or a folder in which we make and keep our own. */
  readonly serving: { readonly certFile: string; readonly keyFile: string } | OwnCertificate;
  /** Who signs the certificates of callers; without it everybody may call. */
  readonly clientCaFile: string | undefined;
  readonly logger: Logger;
  /** Milliseconds between two looks at the files; a minute unless told. */
  readonly period?: number;
}

interface OwnCertificate {
  readonly directory: string;
  /** Names and addresses at which schedulers reach us. */
  readonly names: readonly string[];
}

const whose = 'the extender';

/** What the server is secured with, followed as files change and certificates age. */
export class Certificates {
  readonly #options: CertificatesOptions;
  #last = '';

  constructor(options: CertificatesOptions) {
    this.#options = options;
  }

  get verifiesClients(): boolean {
    return this.#options.clientCaFile !== undefined;
  }

  /** What to serve with now. @throws KubeError `Configuration` */
  async load(): Promise<SecureContextOptions> {
    const { serving, clientCaFile } = this.#options;
    try {
      const files = 'directory' in serving ? await ownCertificate(serving.directory, serving.names) : serving;
      const pair = {
        cert: await readFile(files.certFile, 'utf8'),
        key: await readFile(files.keyFile, 'utf8'),
      };
      const clientCa = clientCaFile === undefined ? undefined : await readFile(clientCaFile, 'utf8');
      const options = secureOptions(pair, clientCa, whose);
      this.#last = JSON.stringify(options);
      return options;
    } catch (error) {
      if (error instanceof KubeError) throw error;
      throw new KubeError('Configuration', `the certificate of ${whose}: ${describeError(error)}`);
    }
  }

  /** Calls back with what has changed, until the signal aborts. What cannot be read leaves it as it was. */
  follow(changed: (options: SecureContextOptions) => void, signal: AbortSignal): void {
    void this.#follow(changed, signal);
  }

  async #follow(changed: (options: SecureContextOptions) => void, signal: AbortSignal): Promise<void> {
    const { period = 60_000, logger } = this.#options;
    while (!signal.aborted) {
      await sleep(period, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      const before = this.#last;
      try {
        const options = await this.load();
        if (this.#last !== before) changed(options);
      } catch (error) {
        logger.warn({ message: describeError(error) }, 'the certificate stays as it is');
      }
    }
  }
}
