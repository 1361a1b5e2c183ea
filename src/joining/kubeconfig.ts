import type { Connection } from '../kube/connection.ts';

/**
 * A kubeconfig of its own (no files, no programs) that leads where an administrator's leads, with another's token.
 *
 * @throws KubeError `Configuration` when the administrator's cannot be read
 */
export async function kubeconfigText(connection: Connection, token: string): Promise<string> {
  const { tls } = await connection.credentials();
  const { server, proxyUrl } = connection;
  const cluster = {
    server: server.href.replace(/\/$/, ''),
    ...(tls.ca === undefined ? {} : { 'certificate-authority-data': base64(tls.ca) }),
    ...(tls.rejectUnauthorized === false ? { 'insecure-skip-tls-verify': true } : {}),
    ...(tls.servername === undefined ? {} : { 'tls-server-name': tls.servername }),
    ...(proxyUrl === undefined ? {} : { 'proxy-url': proxyUrl }),
  };
  const name = 'lower';
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  return `${JSON.stringify(kubeconfig, null, 2)}\n`;
}

function base64(data: string | Buffer): string {
  return Buffer.from(data).toString('base64');
}
