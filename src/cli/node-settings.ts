import { connect } from 'node:net';
import { KubeError } from '../kube/errors.ts';
import type { VirtualNodeSettings } from '../translate/virtual-node.ts';

export interface NodeSettingsInput {
  name: string;
  /** Value of the taint, `--provider`. */
  provider: string;
  isTainted: boolean;
  upperServer: URL;
  lowerCluster: string;
  environment: NodeJS.ProcessEnv;
}

/**
 * What flags and environment say of the virtual node; tensile-kube's names.
 *
 * @throws KubeError `Configuration` when a value cannot be used
 */
export async function nodeSettings(input: NodeSettingsInput): Promise<VirtualNodeSettings> {
  const { name, provider, isTainted, environment } = input;
  const internal = environment['VKUBELET_POD_IP'] || (await addressTowards(input.upperServer));
  const external = environment['VKUBELET_EXTERNAL_POD_IP'];
  return {
    name,
    labels: nodeLabel(environment['VKUBELET_NODE_LABEL']),
    taint: isTainted
      ? {
          key: environment['VKUBELET_TAINT_KEY'] || 'virtual-kubelet.io/provider',
          value: environment['VKUBELET_TAINT_VALUE'] || provider,
          effect: taintEffect(environment['VKUBELET_TAINT_EFFECT']),
        }
      : undefined,
    addresses: [
      { type: 'InternalIP', address: internal },
      ...(external ? [{ type: 'ExternalIP' as const, address: external }] : []),
      { type: 'Hostname', address: name },
    ],
    kubeletPort: port(environment['KUBELET_PORT']),
    lowerCluster: input.lowerCluster,
  };
}

function port(text: string | undefined): number {
  const value = Number(text || 10250);
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
  throw new KubeError('Configuration', `KUBELET_PORT is "${text}", which is no port`);
}

function taintEffect(text: string | undefined): 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' {
  const effect = text || 'NoSchedule';
  if (effect === 'NoSchedule' || effect === 'PreferNoSchedule' || effect === 'NoExecute') return effect;
  throw new KubeError(
    'Configuration',
    `VKUBELET_TAINT_EFFECT is "${effect}"; use NoSchedule, PreferNoSchedule or NoExecute`,
  );
}

function nodeLabel(text: string | undefined): Record<string, string> {
  if (!text) return {};
  const [key = '', value, ...more] = text.split(':').map((part) => part.trim());
  if (key !== '' && value !== undefined && more.length === 0) return { [key]: value };
  throw new KubeError('Configuration', `VKUBELET_NODE_LABEL is "${text}"; write it as "key: value"`);
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
