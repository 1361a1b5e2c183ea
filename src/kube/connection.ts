import { existsSync, readFileSync } from 'node:fs';
import type { Agent, RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import { KubeConfig, type User } from '@kubernetes/client-node';
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { describeError, KubeError } from './errors.ts';

/** What a TLS connection to an API server needs; the same names as in node:tls. */
interface TlsMaterial {
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

/** Equal for what makes the same connections; it holds a private key, so it is not for logs. */
export function tlsIdentity({ ca, cert, key, servername, rejectUnauthorized }: TlsMaterial): string {
  return [ca, cert, key, servername, rejectUnauthorized].join('\n');
}

/** One API server and the way to it, as its kubeconfig says. */
export interface Connection {
  /** What messages call the cluster: `upper`, `lower` or a name of the user's. */
  readonly name: string;
  readonly server: URL;
  readonly proxyUrl: string | undefined;
  /**
   * Fresh credentials: tokens from exec plugins and files are renewed by the library behind this. `renew` forgets
   * all that is known and reads the kubeconfig again, for when the server did not accept the last ones.
   */
  credentials(renew?: boolean): Promise<Credentials>;
}

/**
 * A kubeconfig in a file, or as text from the place that messages name; its current context unless another is
 * named. A source whose text changes is read again when credentials are renewed.
 */
export type KubeconfigSource =
  | {
      readonly path: string;
      readonly context?: string | undefined;
      /** URL of the API server, instead of the one in the file. */
      readonly server?: string | undefined;
    }
  | { readonly text: string; readonly from: string; readonly context?: string | undefined };

const named = z.looseObject({ name: z.string() });
/** What the library takes for granted. */
const outline = z.looseObject({
  'current-context': z.string().nullish(),
  contexts: z
    .array(named.extend({ context: z.looseObject({ cluster: z.string(), user: z.string().nullish() }) }))
    .nullish(),
  clusters: z.array(named.extend({ cluster: z.looseObject({ server: z.string() }) })).nullish(),
  users: z.array(named.extend({ user: z.looseObject({}).nullish() })).nullish(),
});
/** Of what is repeated, in characters. */
const longestShown = 128;

const tlsNames = ['ca', 'cert', 'key', 'rejectUnauthorized', 'servername'] as const;
const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';
/** A credential plugin that takes longer than this, in milliseconds, hangs, and every call with it. */
const longestPlugin = 60_000;

/**
 * Reads a kubeconfig, given as a source or as the path of its file, or the service account of the pod we run in when
 * none is given. There is no other fallback: with a wrong path nothing is ever sent anywhere.
 *
 * @throws KubeError `Configuration`
 */
export function loadConnection(name: string, kubeconfig: KubeconfigSource | string | undefined): Connection {
  const given = typeof kubeconfig === 'string' ? { path: kubeconfig } : kubeconfig;
  const source = given === undefined ? 'the service account' : 'path' in given ? given.path : given.from;
  const fail = (error: unknown): never => {
    throw new KubeError(
      'Configuration',
      `kubeconfig of the ${name} cluster, ${source}: ${describeError(error)}`,
    );
  };
  const load = () => {
    try {
      return readConfig(given);
    } catch (error) {
      return fail(error);
    }
  };
  let { config, server, proxyUrl } = load();
  return {
    name,
    server,
    proxyUrl,
    async credentials(renew = false) {
      if (renew) {
        const fresh = load();
        if (fresh.server.href !== server.href || fresh.proxyUrl !== proxyUrl)
          return fail(
            new Error(`it names another server than before, ${fresh.server.origin}; start again to use it`),
          );
        config = fresh.config;
      }
      const options: RequestOptions = {};
      try {
        await within(longestPlugin, config.applyToHTTPSOptions(options));
      } catch (error) {
        const why = describeError(error) || 'the credential plugin failed and said nothing';
        throw new KubeError('Configuration', `credentials for the ${name} cluster, ${source}: ${why}`);
      }
      return toCredentials(options, proxyUrl !== undefined);
    },
  };
}

interface LoadedConfig {
  config: KubeConfig;
  server: URL;
  proxyUrl: string | undefined;
}

function readConfig(given: KubeconfigSource | undefined): LoadedConfig {
  const config = new KubeConfig();
  if (given !== undefined) load(config, given);
  else if (existsSync(`${serviceAccountFolder}/token`)) config.loadFromCluster();
  else throw new Error('no kubeconfig was given, and this is not a pod with a service account');

  const context = config.getCurrentContext();
  if (!context) throw new Error('it has no current-context');
  const { cluster: clusterName, user: userName } = config.getContextObject(context) ?? {};
  if (clusterName === undefined) throw new Error(`it has no context "${context}"`);
  const cluster = config.getCluster(clusterName);
  if (!cluster) throw new Error(`its context "${context}" names no cluster`);
  if (!config.getCurrentUser())
    throw new Error(`its context "${context}" names no user, "${userName ?? ''}"`);
  const address = (given && 'path' in given && given.server) || cluster.server;
  const server = URL.canParse(address) ? new URL(address) : undefined;
  if (server?.protocol !== 'https:' && server?.protocol !== 'http:')
    throw new Error(`"${address.slice(0, longestShown)}" is no URL of a server`);
  return { config, server, proxyUrl: cluster.proxyUrl };
}

/** Loads it with the parts that the library passes over in silence: token files, and who is impersonated. */
function load(config: KubeConfig, given: KubeconfigSource): void {
  const text = 'path' in given ? readFileSync(given.path, 'utf8') : given.text;
  const folder = 'path' in given ? dirname(given.path) : '.';
  const parsed = parseYaml(text);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new Error('it is not a kubeconfig');
  const { error } = outline.safeParse(parsed);
  if (error)
    throw new Error(
      `it is not a kubeconfig: ${error.issues[0]?.path.join('.')} is missing or something else`,
    );
  try {
    // As JSON, for the library has a parser of its own.
    config.loadFromString(JSON.stringify(parsed));
  } catch {
    // Its message shows what stands around a mistake.
    throw new Error('it is not a kubeconfig');
  }
  config.makePathsAbsolute(folder);
  if (given.context !== undefined) config.setCurrentContext(given.context);
  const { users } = parsed as { users?: { name?: string; user?: Record<string, unknown> }[] };
  const current = config.getCurrentUser();
  const more = users?.find(({ name }) => name === current?.name)?.user;
  if (current && more) completeUser(current, more, folder);
}

/** The parser's own message shows what stands around the mistake, which may be a token. */
function parseYaml(text: string): unknown {
  try {
    return parse(text, { logLevel: 'error' });
  } catch (error) {
    const [place] = (error instanceof YAMLParseError && error.linePos) || [];
    throw new Error(place ? `it is not YAML at line ${place.line}, column ${place.col}` : 'it is not YAML');
  }
}

function completeUser(user: User, more: Record<string, unknown>, folder: string): void {
  for (const key of ['as-groups', 'as-uid', 'as-user-extra'])
    if (more[key] !== undefined)
      throw new Error(`its user "${user.name}" has ${key}, which is not supported`);
  if (typeof more['tokenFile'] !== 'string') return;
  // As in client-go, the file wins over a token beside it, and is read again as it changes.
  const tokenFile = resolve(folder, more['tokenFile']);
  Object.assign(user, { token: undefined, authProvider: { name: 'tokenFile', config: { tokenFile } } });
}

/** What the promise brings, unless it takes too long. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`the credential plugin did not end within ${milliseconds / 1000} s`);
    timer = setTimeout(() => reject(error), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function toCredentials(options: RequestOptions, proxied: boolean): Credentials {
  const headers: Record<string, string> = {};
  // A token file ends with a newline more often than not, which no header may.
  for (const [header, value] of Object.entries(options.headers ?? {})) headers[header] = String(value).trim();
  if (options.auth) headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const tls: Record<string, unknown> = {};
  for (const key of tlsNames) if (options[key] !== undefined) tls[key] = options[key];
  return { tls, headers, ...(proxied && options.agent ? { agent: options.agent as Agent } : {}) };
}
