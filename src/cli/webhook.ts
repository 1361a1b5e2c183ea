import { Client } from '../kube/client.ts';
import { loadConnection } from '../kube/connection.ts';
import { createLogger } from '../kube/logger.ts';
import { Transport } from '../kube/transport.ts';
import { createWebhookMetrics } from '../metrics/webhook-metrics.ts';
import { Webhook, type WebhookOptions } from '../webhook/webhook.ts';
import { parseDuration } from './duration.ts';
import { parseNamespacedName } from './namespaced-name.ts';
import { openOperations } from './operations.ts';
import { stopRequested } from './stop-requested.ts';
import { version } from './version.ts';
import { type WebhookFlags, webhookFlagsWithoutEffect } from './webhook-flags.ts';
import { words } from './words.ts';

/** The admission server until a signal ends it; ends the process. @throws KubeError */
export async function runWebhook(flags: WebhookFlags): Promise<void> {
  const logger = createLogger(flags['log-level']);
  for (const name of webhookFlagsWithoutEffect)
    if (flags[name] !== undefined) logger.warn(`--${name} has no effect`);
  const upper = new Transport(loadConnection('upper', flags.kubeconfig || undefined));
  const metrics = createWebhookMetrics(version);
  const webhook = new Webhook({
    upper: new Client(upper),
    host: flags.address || undefined,
    port: flags.port,
    certificate: certificateOf(flags),
    clientCaFile: flags.CA || undefined,
    keysAbove: new Set(words(flags['ignore-selector-keys'])),
    taintKey: flags['taint-key'],
    tried: parseNamespacedName('tried', flags.tried),
    onReview: (result, milliseconds) => metrics.reviewed(result, milliseconds),
    logger,
  });
  const operations = await openOperations(flags, { metrics, readiness: () => webhook.readiness() }, logger);
  if (operations.missing) logger.warn({ message: operations.missing }, 'metrics and health are not served');
  const stopping = new AbortController();
  void stopRequested().then((signal) => {
    logger.info({ signal }, 'stopping');
    stopping.abort();
  });
  try {
    await webhook.run(stopping.signal);
  } finally {
    await Promise.all([upper.close(), operations.close()]);
  }
  // A connection being made to a cluster that does not answer cannot be given up: it would hold us for 10 s.
  process.exit();
}

function certificateOf(flags: WebhookFlags): WebhookOptions['certificate'] {
  const { tlscert: certFile, tlskey: keyFile, configuration } = flags;
  if (certFile && keyFile) return { certFile, keyFile };
  const life = parseDuration('certificate-lifetime', flags['certificate-lifetime']);
  return { secret: parseNamespacedName('secret', flags.secret), configuration, life };
}
