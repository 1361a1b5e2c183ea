import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, KubeError } from '../kube/errors.ts';
import type { Logger } from '../kube/logger.ts';
import type { KeyPair } from '../serving/keys.ts';
import type { CertificateSource } from './certificate-source.ts';

/** The files of `--tlscert` and `--tlskey`. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** How often they are looked at, in milliseconds: kubelets renew mounted Secrets every minute. */
const period = 60_000;

/** A certificate in files, read again as they change. What does not work, such as half a file, is not taken. */
export class GivenCertificate implements CertificateSource {
  readonly #files: CertificateFiles;
  readonly #logger: Logger;
  readonly #every: number;
  #last: KeyPair | undefined;
  #use: ((pair: KeyPair) => void) | undefined;

  constructor(files: CertificateFiles, logger: Logger, every = period) {
    this.#files = files;
    this.#logger = logger;
    this.#every = every;
  }

  async first(): Promise<KeyPair> {
    this.#last ??= await this.#read();
    return this.#last;
  }

  follow(use: (pair: KeyPair) => void): void {
    this.#use = use;
    if (this.#last) use(this.#last);
  }

  async run(signal: AbortSignal): Promise<void> {
    while (await sleep(this.#every, true, { signal }).catch(() => false)) {
      try {
        const next = await this.#read();
        if (next.cert === this.#last?.cert && next.key === this.#last.key) continue;
        this.#use?.(next);
        this.#last = next;
        this.#logger.info('the certificate of the webhook was renewed');
      } catch (error) {
        this.#logger.warn({ error: describeError(error) }, 'the certificate of the webhook stays as it is');
      }
    }
  }

  async #read(): Promise<KeyPair> {
    const { certFile, keyFile } = this.#files;
    return { cert: await readPem('--tlscert', certFile), key: await read('--tlskey', keyFile) };
  }
}

/** Reads the authority of callers. @throws KubeError `Configuration` */
export function readClientCa(file: string): Promise<string> {
  return readPem('--CA', file);
}

async function readPem(flag: string, file: string): Promise<string> {
  const text = await read(flag, file);
  try {
    new X509Certificate(text);
    return text;
  } catch {
    throw new KubeError('Configuration', `${flag} names ${file}, which is no PEM certificate`);
  }
}

async function read(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new KubeError('Configuration', `${flag}: ${describeError(error)}`);
  }
}
