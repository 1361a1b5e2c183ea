import { z } from 'zod';
import type { KubeObject } from '../kube/types.ts';

/** Where the API server finds us, as far as certificates care (admissionregistration.k8s.io/v1). */
const schema = z.object({
  webhooks: z
    .array(
      z.object({
        name: z.string(),
        clientConfig: z.object({
          caBundle: z.string().nullish(),
          url: z.string().nullish(),
          service: z.object({ namespace: z.string(), name: z.string() }).nullish(),
        }),
      }),
    )
    .nullish(),
});

type ClientConfig = NonNullable<z.output<typeof schema>['webhooks']>[number]['clientConfig'];

/** The IP addresses and DNS names by which a MutatingWebhookConfiguration reaches us, each once. */
export function hostsOf(configuration: KubeObject | undefined): string[] {
  return [...new Set(webhooksOf(configuration).flatMap(({ clientConfig }) => hostOf(clientConfig) ?? []))];
}

/** A strategic merge patch that makes it trust this bundle (PEM); undefined when it does. */
export function bundlePatch(configuration: KubeObject, bundle: string): object | undefined {
  const caBundle = Buffer.from(bundle).toString('base64');
  const others = webhooksOf(configuration).filter(({ clientConfig }) => clientConfig.caBundle !== caBundle);
  if (others.length === 0) return undefined;
  const { uid, resourceVersion } = configuration.metadata ?? {};
  // Of another version than we saw, a webhook might be gone by now, and the patch would bring half of it back.
  return {
    metadata: { uid, resourceVersion },
    webhooks: others.map(({ name }) => ({ name, clientConfig: { caBundle } })),
  };
}

function webhooksOf(configuration: KubeObject | undefined) {
  return schema.safeParse(configuration ?? {}).data?.webhooks ?? [];
}

function hostOf({ url, service }: ClientConfig): string | undefined {
  if (service) return `${service.name}.${service.namespace}.svc`;
  if (!url || !URL.canParse(url)) return undefined;
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}
