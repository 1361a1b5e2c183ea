import { createSecureContext } from 'node:tls';
import { z } from 'zod';
import { type Read, told, visible } from './mistakes.ts';
import { nearest } from './nearest.ts';
import { longestInSecret, readYaml } from './yaml.ts';

const named = z.looseObject({ name: z.string() });
const outline = z.looseObject({
  'current-context': z.string().optional(),
  contexts: z.array(
    named.extend({
      context: z.looseObject({ cluster: z.string(), user: z.string(), namespace: z.string().optional() }),
    }),
  ),
  clusters: z.array(named.extend({ cluster: z.record(z.string(), z.unknown()) })),
  users: z.array(named.extend({ user: z.record(z.string(), z.unknown()).nullish() })),
});

const texts = (...names: string[]) => names.map((name) => [name, z.string().optional()] as const);
const allowed = {
  cluster: z.strictObject({
    server: z.string(),
    ...Object.fromEntries(texts('certificate-authority-data', 'tls-server-name', 'proxy-url')),
    'insecure-skip-tls-verify': z.boolean().optional(),
    'disable-compression': z.boolean().optional(),
    extensions: z.unknown().optional(),
  }),
  user: z.strictObject({
    ...Object.fromEntries(
      texts('token', 'client-certificate-data', 'client-key-data', 'username', 'password'),
    ),
    extensions: z.unknown().optional(),
  }),
};
type Part = keyof typeof allowed;
/** Of a name that is repeated, in characters. */
const longestName = 64;

const runsPrograms = 'a kubeconfig in a Secret may not run programs; give a token or a client certificate';
const readsFiles = 'a kubeconfig in a Secret may not name files; put the content in';
const actsAsOthers = 'it may not act as somebody else; give the credentials of the account itself';
/** Why what other kubeconfigs may have is refused. Whoever writes a Secret above is nobody on this machine. */
const reasons: Readonly<Record<string, string>> = {
  exec: runsPrograms,
  'auth-provider': runsPrograms,
  tokenFile: `${readsFiles} token`,
  'client-certificate': `${readsFiles} client-certificate-data`,
  'client-key': `${readsFiles} client-key-data`,
  'certificate-authority': `${readsFiles} certificate-authority-data`,
  as: actsAsOthers,
  'as-uid': actsAsOthers,
  'as-groups': actsAsOthers,
  'as-user-extra': actsAsOthers,
};

/**
 * Takes the one cluster and user that are meant out of a kubeconfig that somebody else wrote. What comes out is JSON,
 * so that no two parsers read it differently, and has only fields that are known to be harmless: no files, no
 * programs. No mistake shows a value.
 *
 * @param where what the mistakes name
 * @param context the current one when undefined
 */
export function readInlineKubeconfig(where: string, text: string, context: string | undefined): Read<string> {
  const yaml = readYaml(where, text, longestInSecret);
  if ('mistakes' in yaml) return yaml;
  const read = outline.safeParse(yaml.value);
  if (!read.success) {
    const place = read.error.issues[0]?.path.join('.');
    return {
      mistakes: [`${where}: not a kubeconfig${place ? `: ${place} is missing or something else` : ''}`],
    };
  }
  const { contexts, clusters, users, 'current-context': current } = read.data;
  const mistakes = [
    ...clusters.flatMap(({ name, cluster }) => wrongKeys(where, 'cluster', name, cluster)),
    ...users.flatMap(({ name, user }) => wrongKeys(where, 'user', name, user ?? {})),
  ];
  if (mistakes.length > 0) return { mistakes: told(mistakes, (describe) => describe()) };
  const wanted = context ?? current;
  if (!wanted) return { mistakes: [`${where}: it has no current-context`] };
  const chosen = contexts.find(({ name }) => name === wanted)?.context;
  if (!chosen) return { mistakes: [`${where}: it has no context "${visible(wanted, longestName)}"`] };
  const cluster = clusters.find(({ name }) => name === chosen.cluster)?.cluster;
  const user = users.find(({ name }) => name === chosen.user)?.user;
  if (!cluster)
    return { mistakes: [`${where}: its context "${visible(wanted, longestName)}" names no cluster`] };
  if (!user) return { mistakes: [`${where}: its context "${visible(wanted, longestName)}" names no user`] };
  const unusable = [...unusableCluster(cluster), ...unusableUser(user)];
  if (unusable.length > 0) return { mistakes: unusable.map((why) => `${where}: ${why}`) };
  return { value: JSON.stringify(kubeconfigOf(cluster, user)) };
}

type Fields = Readonly<Record<string, unknown>>;

/** What says each of them, for only the first are told. */
function wrongKeys(where: string, part: Part, name: string, fields: Fields): (() => string)[] {
  const place = `${where}: its ${part} "${visible(name, longestName)}"`;
  const read = allowed[part].safeParse(fields);
  return (read.error?.issues ?? []).flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys')
      return [() => `${place}: ${issue.path.join('.')} is missing or no text`];
    return issue.keys.map((key) => () => {
      const meant = nearest(key, Object.keys(allowed[part].shape));
      const why = reasons[key] ?? (meant ? `did you mean ${meant}?` : 'it is not known');
      return `${place} has ${visible(key, longestName)}: ${why}`;
    });
  });
}

function* unusableCluster(cluster: Fields): Generator<string> {
  const { server, 'proxy-url': proxy, 'certificate-authority-data': ca } = cluster;
  if (protocolOf(server) !== 'https:') yield 'its server is no https URL';
  if (proxy && !['http:', 'https:'].includes(protocolOf(proxy) ?? '')) yield 'its proxy-url is no http URL';
  if (ca && !isUsable({ ca: decode(ca) })) yield 'its certificate-authority-data is no certificate in base64';
}

function* unusableUser(user: Fields): Generator<string> {
  const { token, username, 'client-certificate-data': cert, 'client-key-data': key } = user;
  if (!token && !username && !cert) yield 'its user has no credentials';
  if (token && !/^\s*[\x21-\x7e]+\s*$/.test(String(token)))
    yield 'its token has characters that no token has';
  if (Boolean(cert) !== Boolean(key)) yield 'client-certificate-data and client-key-data go together';
  else if (cert && !isUsable({ cert: decode(cert), key: decode(key) }))
    yield 'client-certificate-data and client-key-data are no certificate and its key in base64';
}

function protocolOf(url: unknown): string | undefined {
  return URL.canParse(String(url)) ? new URL(String(url)).protocol : undefined;
}

function decode(data: unknown): string {
  return Buffer.from(String(data), 'base64').toString();
}

function isUsable(material: { ca?: string; cert?: string; key?: string }): boolean {
  if (Object.values(material).some((pem) => !pem.includes('-----BEGIN '))) return false;
  try {
    createSecureContext(material);
    return true;
  } catch {
    return false;
  }
}

function kubeconfigOf(
  { extensions: _cluster, ...cluster }: Fields,
  { extensions: _user, ...user }: Fields,
): object {
  const name = 'lower';
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
}
