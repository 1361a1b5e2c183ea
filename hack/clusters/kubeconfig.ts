import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import type { KeyPair } from './certificates.ts';

/** What it takes to talk to an API server as somebody. */
export interface Access {
  readonly cluster: string;
  readonly server: string;
  readonly authority: string;
  readonly client: KeyPair;
}

interface Kubeconfig {
  readonly clusters: { name: string; cluster: { server: string; 'certificate-authority-data': string } }[];
  readonly users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

/** Writes a kubeconfig that depends on no other file and that only its owner can read. */
export function writeKubeconfig(file: string, { cluster, server, authority, client }: Access): void {
  const user = {
    'client-certificate-data': base64(client.certificate),
    'client-key-data': base64(client.key),
  };
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: cluster, cluster: { server, 'certificate-authority-data': base64(authority) } }],
    users: [{ name: cluster, user }],
    contexts: [{ name: cluster, context: { cluster, user: cluster } }],
    'current-context': cluster,
  };
  writeFileSync(file, stringify(content), { mode: 0o600 });
}

/** Reads back a kubeconfig written by `writeKubeconfig`. */
export function readKubeconfig(file: string): Access {
  return accessIn(readFileSync(file, 'utf8'));
}

/** What the first cluster and the first user of a kubeconfig's text amount to; their data must be in the text. */
export function accessIn(text: string): Access {
  const { clusters, users } = parse(text) as Kubeconfig;
  const [cluster, user] = [clusters[0], users[0]?.user];
  if (!cluster || !user) throw new Error('the kubeconfig names no cluster or no user');
  return {
    cluster: cluster.name,
    server: cluster.cluster.server,
    authority: plain(cluster.cluster['certificate-authority-data']),
    client: { certificate: plain(user['client-certificate-data']), key: plain(user['client-key-data']) },
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function plain(encoded: string): string {
  return Buffer.from(encoded, 'base64').toString();
}
