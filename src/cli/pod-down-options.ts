import { KubeError } from '../kube/errors.ts';
import type { PodDownOptions } from '../translate/pod-down.ts';
import { type Refusable, refusable } from '../translate/policy.ts';
import type { RefusalOptions } from '../translate/refusal.ts';
import type { ApiAddress } from '../translate/service-account.ts';
import type { ProviderFlags } from './provider-flags.ts';

/**
 * What the flags say of how pods go down.
 *
 * @param upperServer the upper API server as our own kubeconfig names it
 * @throws KubeError `Configuration`
 */
export function podDownOptions(flags: ProviderFlags, upperServer: URL): PodDownOptions & RefusalOptions {
  return {
    ignoreLabels: new Set(words(flags['ignore-labels'])),
    serviceAccounts: flags['enable-serviceaccount'] ? flags['service-account-mode'] : 'none',
    upperApi: apiAddress(flags['upper-api-address'], upperServer),
    refused: new Set(words(flags.refuse).map(toRefusable)),
  };
}

function words(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function toRefusable(word: string): Refusable {
  const known = refusable.find((feature) => feature === word);
  if (known) return known;
  throw new KubeError('Configuration', `--refuse: "${word}" is none of ${refusable.join(', ')}`);
}

function apiAddress(text: string | undefined, upperServer: URL): ApiAddress {
  const url = text ? toUrl(text) : upperServer;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port || (url.protocol === 'http:' ? '80' : '443'),
  };
}

function toUrl(address: string): URL {
  if (/^[^/\s]+$/.test(address) && URL.canParse(`https://${address}`)) return new URL(`https://${address}`);
  throw new KubeError('Configuration', `--upper-api-address is "${address}"; write it as host:port`);
}
