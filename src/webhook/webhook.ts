import { once } from 'node:events';
import type { Client } from '../kube/client.ts';
import type { Logger } from '../kube/logger.ts';
import { linkSignals } from '../kube/signals.ts';
import type { ReadinessCheck } from '../operations/readiness.ts';
import { admit, type MutationSettings } from './admit.ts';
import type { CertificateSource } from './certificate-source.ts';
import { type CertificateFiles, GivenCertificate, readClientCa } from './given-certificate.ts';
import { createHandler, type HandlerOptions } from './handler.ts';
import { OwnCertificate, type OwnCertificateOptions } from './own-certificate.ts';
import { startWebhookServer, type WebhookServer } from './server.ts';
import { type TriedNodes, UpperFacts } from './upper-facts.ts';

export interface WebhookOptions extends MutationSettings {
  readonly upper: Client;
  readonly host: string | undefined;
  readonly port: number;
  /** Files to serve with, or how we make a certificate of our own. */
  readonly certificate: CertificateFiles | Pick<OwnCertificateOptions, 'secret' | 'configuration' | 'life'>;
  /** The authority of callers (`--CA`); without it everybody may ask, as the API server has no certificate. */
  readonly clientCaFile: string | undefined;
  readonly tried: TriedNodes;
  readonly onReview?: HandlerOptions['onReview'];
  readonly logger: Logger;
}

/** For requests under way when we are told to stop, in milliseconds: more than the API server waits. */
const grace = 5_000;

/** The admission server of the upper cluster. */
export class Webhook {
  readonly #options: WebhookOptions;
  readonly #facts: UpperFacts;
  #server: WebhookServer | undefined;

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#facts = new UpperFacts(options.upper, options.tried, options.logger);
  }

  /** How it stands, for `/readyz`. */
  readiness(): ReadinessCheck[] {
    const says =
      this.#facts.missing ?? (this.#server ? `serves port ${this.#server.port}` : 'waits for a certificate');
    return [{ name: 'webhook', isReady: this.#server !== undefined, says }];
  }

  /**
   * Runs until the signal aborts. It listens once it knows the virtual nodes and claims of the upper cluster, for
   * what it does not know it would take for a node below.
   *
   * @throws KubeError `Configuration`, or `Forbidden` when there are no rights to make a certificate
   */
  async run(signal: AbortSignal): Promise<void> {
    const stopping = linkSignals(signal);
    const source = this.#source();
    const running = [this.#facts.run(stopping.signal), source.run(stopping.signal)];
    try {
      const { clientCaFile } = this.#options;
      const clientCa = clientCaFile === undefined ? undefined : await readClientCa(clientCaFile);
      await Promise.all([this.#facts.synced, source.first()]);
      await this.#serve(source, clientCa, stopping.signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      stopping.abort();
      stopping.release();
      await Promise.all(running);
    }
  }

  async #serve(source: CertificateSource, clientCa: string | undefined, signal: AbortSignal): Promise<void> {
    const { host, port, logger, onReview } = this.#options;
    const handle = createHandler({
      admit: (request) => admit(request, this.#facts, this.#options),
      verifiesClients: clientCa !== undefined,
      onReview,
      logger,
    });
    const server = await startWebhookServer({ host, port, clientCa, handle, logger }, await source.first());
    this.#server = server;
    source.follow((pair) => server.use(pair));
    logger.info({ port: server.port }, 'the webhook is at work');
    if (!signal.aborted) await once(signal, 'abort');
    await server.close(grace);
  }

  #source(): CertificateSource {
    const { certificate, upper, logger } = this.#options;
    if ('secret' in certificate) return new OwnCertificate({ ...certificate, upper, logger });
    return new GivenCertificate(certificate, logger);
  }
}
