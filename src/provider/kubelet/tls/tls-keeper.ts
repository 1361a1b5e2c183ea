import type { SecureContextOptions } from 'node:tls';
import { describeError } from '../../../kube/errors.ts';
import type { Logger } from '../../../kube/logger.ts';
import type { KeyPair } from '../../../serving/keys.ts';
import { secureOptions } from '../../../serving/secure-options.ts';
import type { KubeletServerOptions } from '../options.ts';
import { selfSigned } from './self-signed.ts';
import { fetchClientCa, readClientCa, readKeyPair } from './tls-material.ts';

/** What the server is to use from now on. */
export interface TlsState {
  readonly options: SecureContextOptions;
  readonly clientCa: string | undefined;
}

const whose = 'the kubelet port';

/** How often files and ConfigMap are looked at, in milliseconds; oftener while the client CA is missing. */
const period = 60_000;
const hurry = 5_000;
/** A self-signed certificate is good for 365 days; it is made anew when this many milliseconds old. */
const renewAfter = 300 * 86_400_000;

type KeeperOptions = Pick<
  KubeletServerOptions,
  'addresses' | 'certificate' | 'clientCaFile' | 'logger' | 'nodeName' | 'upper' | 'verifyClients'
>;

/**
 * Knows the certificate we serve with and the CA of our clients, and follows both. A new state that does not
 * work (a certificate whose key is still being written) is not taken; the old one stays.
 */
export class TlsKeeper {
  readonly #options: KeeperOptions;
  readonly #logger: Logger;
  #own: { pair: KeyPair; made: number } | undefined;
  #state: (TlsState & KeyPair) | undefined;
  #signed: KeyPair | undefined;
  #looking = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #changed: ((state: TlsState) => void) | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#logger = options.logger;
  }

  /** The first state. Given files must be good; a ConfigMap may come later. @throws KubeError `Configuration` */
  async load(): Promise<TlsState> {
    const next = await this.#next();
    this.#state = { ...next, options: secureOptions(next, next.clientCa, whose) };
    return this.#state;
  }

  /** Calls back at every later change, until stopped. The period is in milliseconds. */
  follow(changed: (state: TlsState) => void, every = period): void {
    this.#changed = changed;
    const delay = this.#options.verifyClients && !this.#state?.clientCa ? Math.min(hurry, every) : every;
    this.#timer = setTimeout(() => {
      void this.#look().finally(() => {
        if (this.#timer) this.follow(changed, every);
      });
    }, delay);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Serves with this certificate from now on, unless files were given; resolves when it was taken or refused. */
  async use(pair: KeyPair): Promise<void> {
    this.#signed = pair;
    await this.#look();
  }

  /** One after the other: the answer to an earlier look must not undo a later one. */
  #look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#lookNow());
    return this.#looking;
  }

  async #lookNow(): Promise<void> {
    const old = this.#state;
    try {
      const next = await this.#next();
      if (!this.#timer) return;
      if (old && old.cert === next.cert && old.key === next.key && old.clientCa === next.clientCa) return;
      this.#state = { ...next, options: secureOptions(next, next.clientCa, whose) };
      this.#changed?.(this.#state);
      this.#logger.info('the certificates of the kubelet port were renewed');
    } catch (error) {
      this.#logger.warn(
        { error: describeError(error) },
        'the certificates of the kubelet port stay as they are',
      );
    }
  }

  async #next(): Promise<KeyPair & { clientCa: string | undefined }> {
    const { clientCaFile, verifyClients } = this.#options;
    const pair = await this.#keyPair();
    if (!verifyClients) return { ...pair, clientCa: undefined };
    if (clientCaFile !== undefined) return { ...pair, clientCa: await readClientCa(clientCaFile) };
    return { ...pair, clientCa: (await this.#fetchClientCa()) ?? this.#state?.clientCa };
  }

  async #keyPair(): Promise<KeyPair> {
    const { certificate, nodeName, addresses } = this.#options;
    if (certificate) return readKeyPair(certificate);
    if (this.#signed) return this.#signed;
    if (!this.#own || Date.now() - this.#own.made > renewAfter)
      this.#own = { pair: await selfSigned(nodeName, addresses), made: Date.now() };
    return this.#own.pair;
  }

  /** An upper cluster that is away, or that does not let us read, leaves bearer tokens as the only way in. */
  async #fetchClientCa(): Promise<string | undefined> {
    try {
      return await fetchClientCa(this.#options.upper);
    } catch (error) {
      this.#logger.warn({ error: describeError(error) }, 'the client CA of the upper cluster cannot be read');
      return undefined;
    }
  }
}
