import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import type { LocalCluster } from '../../../hack/clusters/open.ts';
import { kubectl } from '../../clusters.ts';
import { type Fault, memberNames, memberOf } from './fault.ts';

const namespace = 'isthmus-system';
const account = 'isthmus-lower';
/** The Secret that the last token of each cluster is bound to: the token is good for as long as it is there. */
const bound = new Map<string, string>();

/** The token of a lower cluster is replaced in the kubeconfig, and the one before ends a little later. */
export const tokenRotated: Fault = {
  kind: 'token rotated',
  seconds: [1, 4],
  targets: memberNames,
  async begin(world, target) {
    const { cluster, kubeconfig } = memberOf(world, target);
    const before = await renew(cluster, kubeconfig);
    return { what: `${target} has a new token`, end: () => end(cluster, before) };
  },
};

/** The token of a lower cluster ends, and the next one comes late. */
export const tokenExpired: Fault = {
  kind: 'token expired',
  seconds: [5, 20],
  targets: memberNames,
  async begin(world, target) {
    const { cluster, kubeconfig } = memberOf(world, target);
    // The first token of a cluster is bound to nothing and cannot end.
    if (!bound.has(cluster.name)) await renew(cluster, kubeconfig);
    await sleep(500);
    await end(cluster, bound.get(cluster.name));
    return {
      what: `the token for ${target} is good no more`,
      end: async () => void (await renew(cluster, kubeconfig)),
    };
  },
};

/** Makes a token and writes it into the kubeconfig; returns the Secret that the one before was bound to. */
async function renew(cluster: LocalCluster, kubeconfig: string): Promise<string | undefined> {
  const before = bound.get(cluster.name);
  const secret = `chaos-token-${Date.now().toString(36)}`;
  await run(cluster, 'create', 'secret', 'generic', secret);
  const binding = ['--bound-object-kind=Secret', `--bound-object-name=${secret}`];
  const token = await run(cluster, 'create', 'token', account, '--duration=24h', ...binding);
  const content = parse(readFileSync(kubeconfig, 'utf8')) as { users: { user: object }[] };
  for (const entry of content.users) entry.user = { token: token.trim() };
  writeFileSync(`${kubeconfig}.new`, stringify(content), { mode: 0o600 });
  renameSync(`${kubeconfig}.new`, kubeconfig);
  bound.set(cluster.name, secret);
  return before;
}

async function end(cluster: LocalCluster, secret: string | undefined): Promise<void> {
  if (secret) await run(cluster, 'delete', 'secret', secret);
}

async function run(cluster: LocalCluster, ...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await kubectl(cluster, '-n', namespace, ...args);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout;
}
