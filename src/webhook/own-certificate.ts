import { Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import { deferred } from '../kube/deferred.ts';
import { describeError, hasCode, KubeError } from '../kube/errors.ts';
import type { Logger } from '../kube/logger.ts';
import { Reflector } from '../kube/reflector.ts';
import { mutatingWebhookConfigurations } from '../kube/resources.ts';
import { isPassing } from '../kube/transport.ts';
import type { KubeObject } from '../kube/types.ts';
import { type ReconcileResult, WorkQueue } from '../kube/work-queue.ts';
import { type Authorities, bundleOf, endOf } from '../serving/authorities.ts';
import { issueCertificate } from '../serving/authority.ts';
import { type SecretPlace, sharedAuthorities } from '../serving/authority-secret.ts';
import type { KeyPair } from '../serving/keys.ts';
import type { CertificateSource } from './certificate-source.ts';
import { bundlePatch, hostsOf } from './configuration.ts';

export interface OwnCertificateOptions {
  readonly upper: Client;
  /** The Secret that replicas share. */
  readonly secret: SecretPlace;
  /** Name of the MutatingWebhookConfiguration that leads to us. */
  readonly configuration: string;
  /** How long a certificate is good, in milliseconds; it is renewed when a third of that is left. */
  readonly life: number;
  readonly logger: Logger;
}

/** Authorities live so many times longer than the certificates that they sign. */
const authorityFactor = 40;
/** At least so often everything is looked at, in milliseconds. */
const period = 60_000;
/** A server that nobody leads the way to has a certificate all the same, for probes. */
const nobody = ['localhost'];

/**
 * A certificate of our own making, for the hosts that the MutatingWebhookConfiguration names, signed by an authority
 * that all replicas share and that the configuration is made to trust, again and again as somebody changes it. Each
 * replica has keys of its own.
 */
export class OwnCertificate implements CertificateSource {
  readonly #options: OwnCertificateOptions;
  readonly #configurations = new Cache<KubeObject>({});
  readonly #reflector: Reflector<KubeObject>;
  readonly #first = deferred();
  #issued: { pair: KeyPair; by: string; hosts: string } | undefined;
  #isMissing = false;
  #use: ((pair: KeyPair) => void) | undefined;

  constructor(options: OwnCertificateOptions) {
    const { upper, configuration, logger } = options;
    this.#options = options;
    this.#reflector = new Reflector(upper, mutatingWebhookConfigurations, this.#configurations, {
      fieldSelector: `metadata.name=${configuration}`,
      onError: (message) => logger.warn({ message }, 'the configuration of the webhook is watched again'),
    });
    this.#first.promise.catch(() => {});
  }

  async first(): Promise<KeyPair> {
    await this.#first.promise;
    if (!this.#issued) throw new Error('no certificate was issued');
    return this.#issued.pair;
  }

  follow(use: (pair: KeyPair) => void): void {
    this.#use = use;
    if (this.#issued) use(this.#issued.pair);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    const queue = new WorkQueue({
      workers: 1,
      reconcile: () => this.#reconcile(),
      onError: (_, error) => {
        logger.error({ error: describeError(error) }, 'the certificate of the webhook was not seen to');
        if (!isPassing(error) && !hasCode(error, 'Conflict')) this.#first.reject(error);
      },
    });
    const running = this.#reflector.run(signal);
    await this.#reflector.synced.then(
      () => {
        this.#configurations.subscribe(() => queue.add('certificate'));
        queue.add('certificate');
        queue.start();
      },
      (error: unknown) => this.#first.reject(error),
    );
    await running;
    await queue.stop();
    this.#first.reject(new KubeError('Aborted', 'stopped before there was a certificate'));
  }

  async #reconcile(): Promise<ReconcileResult> {
    const { upper, secret, configuration: name, life } = this.#options;
    const now = Date.now();
    const terms = { commonName: 'isthmus-webhook', life: authorityFactor * life, now };
    const authorities = await sharedAuthorities(upper, secret, terms);
    const configuration = this.#configurations.get(name);
    await this.#issue(authorities, hostsOf(configuration), now);
    const patch = configuration && bundlePatch(configuration, bundleOf(authorities));
    if (patch) {
      const written = await upper.patch(mutatingWebhookConfigurations, { name }, patch, {
        type: 'strategic-merge',
      });
      this.#configurations.apply(written);
      this.#options.logger.info({ configuration: name }, 'the configuration trusts the webhook now');
    }
    this.#first.resolve();
    this.#tell(configuration === undefined);
    return { requeueAfter: Math.min(period, life / 10) };
  }

  async #issue({ current }: Authorities, named: string[], now: number): Promise<void> {
    const { life, logger } = this.#options;
    const hosts = named.length > 0 ? named : nobody;
    const known = this.#issued;
    const isGood = known && known.by === current.cert && known.hosts === hosts.join();
    if (isGood && endOf(known.pair.cert) - now > life / 3) return;
    const pair = await issueCertificate(current, hosts, now + life);
    this.#use?.(pair);
    this.#issued = { pair, by: current.cert, hosts: hosts.join() };
    logger.info({ hosts, until: new Date(now + life).toISOString() }, 'the webhook has a new certificate');
  }

  #tell(isMissing: boolean): void {
    const { configuration, logger } = this.#options;
    if (isMissing && !this.#isMissing)
      logger.warn(
        { configuration },
        'there is no such MutatingWebhookConfiguration, so nobody asks us: apply deploy/webhook.yaml',
      );
    this.#isMissing = isMissing;
  }
}
