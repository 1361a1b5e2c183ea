import { existsSync } from 'node:fs';
import type { Agent, RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { describeError, KubeError } from './errors.ts';

/** What a TLS connection to an API server needs; the same names as in node:tls. */
export interface TlsMaterial {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  rejectUnauthorized?: boolean;
  servername?: string;
}

/** How to prove to an API server who we are, right now. */
export interface Credentials {
  tls: TlsMaterial;
  /** Authorization and Impersonate-* headers. */
  headers: Record<string, string>;
  /** Set when the kubeconfig names a proxy. */
  agent?: Agent;
}

/** One API server and the way to it, as its kubeconfig says. */
export interface Connection {
  /** What messages call the cluster: `upper`, `lower` or a name of the user's. */
  readonly name: string;
  readonly server: URL;
  readonly proxyUrl: string | undefined;
  /** Fresh credentials: tokens from exec plugins and files are renewed by the library behind this. */
  credentials(): Promise<Credentials>;
}

const tlsNames = ['ca', 'cert', 'key', 'rejectUnauthorized', 'servername'] as const;
const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Reads the current context of a kubeconfig file, or the service account of the pod we run in when no path is
 * given. There is no other fallback: with a wrong path nothing is ever sent anywhere.
 *
 * @throws KubeError `Configuration`
 */
export function loadConnection(name: string, path: string | undefined): Connection {
  const config = new KubeConfig();
  try {
    if (path !== undefined) config.loadFromFile(path);
    else if (existsSync(`${serviceAccountFolder}/token`)) config.loadFromCluster();
    else throw new Error('no kubeconfig was given, and this is not a pod with a service account');
  } catch (error) {
    throw new KubeError('Configuration', `kubeconfig of the ${name} cluster: ${describeError(error)}`);
  }
  return connectionFrom(name, path ?? 'the service account', config);
}

function connectionFrom(name: string, source: string, config: KubeConfig): Connection {
  const cluster = config.getCurrentCluster();
  if (!cluster) {
    const context = config.getCurrentContext();
    const what = context ? `its context "${context}" names no cluster` : 'it has no current-context';
    throw new KubeError('Configuration', `kubeconfig of the ${name} cluster, ${source}: ${what}`);
  }
  if (!URL.canParse(cluster.server)) {
    throw new KubeError(
      'Configuration',
      `kubeconfig of the ${name} cluster, ${source}: "${cluster.server}" is no URL of a server`,
    );
  }
  return {
    name,
    server: new URL(cluster.server),
    proxyUrl: cluster.proxyUrl,
    async credentials() {
      const options: RequestOptions = {};
      try {
        await config.applyToHTTPSOptions(options);
      } catch (error) {
        throw new KubeError(
          'Configuration',
          `credentials for the ${name} cluster, ${source}: ${describeError(error)}`,
        );
      }
      return toCredentials(options, cluster.proxyUrl !== undefined);
    },
  };
}

function toCredentials(options: RequestOptions, proxied: boolean): Credentials {
  const headers: Record<string, string> = {};
  for (const [header, value] of Object.entries(options.headers ?? {})) headers[header] = String(value);
  if (options.auth) headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const tls: Record<string, unknown> = {};
  for (const key of tlsNames) if (options[key] !== undefined) tls[key] = options[key];
  return { tls, headers, ...(proxied && options.agent ? { agent: options.agent as Agent } : {}) };
}
