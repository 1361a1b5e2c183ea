import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { mustKubectl } from './kubectl.ts';

/** A service account, and for how long its token is good, as in `1h`. */
export interface TokenOwner {
  readonly namespace: string;
  readonly name: string;
  readonly lifetime: string;
}

/** As long as the certificates: a local cluster may be kept for years. */
export const longLifetime = '87600h';

/**
 * Writes the administrator's kubeconfig with a new token of a service account in the place of the credentials, for its
 * owner's eyes only; returns the token.
 */
export async function writeTokenKubeconfig(
  cluster: { readonly kubeconfig: string },
  { namespace, name, lifetime }: TokenOwner,
  path: string,
): Promise<string> {
  const args = ['-n', namespace, 'create', 'token', name, `--duration=${lifetime}`];
  const token = (await mustKubectl(cluster, args)).trim();
  const content = parse(readFileSync(cluster.kubeconfig, 'utf8')) as { users: { user: object }[] };
  for (const entry of content.users) entry.user = { token };
  writeFileSync(path, stringify(content), { mode: 0o600 });
  return token;
}
