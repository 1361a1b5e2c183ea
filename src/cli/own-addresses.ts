import { connect, isIP } from 'node:net';
import { KubeError } from '../kube/errors.ts';
import type { NodeAddress } from '../provider/node/node-settings.ts';

/**
 * Where the upper API server reaches this process: VKUBELET_POD_IP, or the address from which we reach it, and
 * VKUBELET_EXTERNAL_POD_IP.
 *
 * @throws KubeError `Configuration` when a value cannot be used, `Unreachable` when our address cannot be found
 */
export async function ownAddresses(upperServer: URL, environment: NodeJS.ProcessEnv): Promise<NodeAddress[]> {
  const external = given('VKUBELET_EXTERNAL_POD_IP', environment);
  const internal = given('VKUBELET_POD_IP', environment) ?? (await addressTowards(upperServer));
  return [
    { type: 'InternalIP', address: internal },
    ...(external ? [{ type: 'ExternalIP' as const, address: external }] : []),
  ];
}

function given(setting: string, environment: NodeJS.ProcessEnv): string | undefined {
  const text = environment[setting] || undefined;
  if (text !== undefined && isIP(text) === 0)
    throw new KubeError('Configuration', `${setting} is "${text}"; use an IP address`);
  return text;
}

/** The address of ours from which the server is reached, and at which it most likely reaches us. */
function addressTowards(server: URL): Promise<string> {
  const failed = `cannot find our own address: the upper API server ${server.origin} cannot be reached; or set VKUBELET_POD_IP`;
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: Number(server.port || 443),
      timeout: 10_000,
    });
    socket.once('connect', () => {
      resolve(socket.localAddress ?? '127.0.0.1');
      socket.destroy();
    });
    const fail = (cause?: unknown) => {
      socket.destroy();
      reject(new KubeError('Unreachable', failed, { cause }));
    };
    socket.once('error', fail);
    socket.once('timeout', fail);
  });
}
