import { connect, isIP } from 'node:net';
import { KubeError } from '../kube/errors.ts';
import { isLabelKey, isLabelValue, isNodeName } from '../kube/label-syntax.ts';
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
 * What flags and environment say of the virtual node; tensile-kube's names. What the API server would refuse is
 * refused here: a node that cannot be registered would be tried again for ever.
 *
 * @throws KubeError `Configuration` when a value cannot be used, `Unreachable` when our address cannot be found
 */
export async function nodeSettings(input: NodeSettingsInput): Promise<VirtualNodeSettings> {
  const { name, environment } = input;
  if (!isNodeName(name)) throw refusal('--nodename', name, 'use at most 63 of a-z, 0-9, "-" and "."');
  const labels = nodeLabel(environment['VKUBELET_NODE_LABEL']);
  const taint = input.isTainted ? nodeTaint(input) : undefined;
  const kubeletPort = port(environment['KUBELET_PORT']);
  const external = address('VKUBELET_EXTERNAL_POD_IP', environment);
  const internal = address('VKUBELET_POD_IP', environment) ?? (await addressTowards(input.upperServer));
  return {
    name,
    labels,
    taint,
    addresses: [
      { type: 'InternalIP', address: internal },
      ...(external ? [{ type: 'ExternalIP' as const, address: external }] : []),
      { type: 'Hostname', address: name },
    ],
    kubeletPort,
    lowerCluster: input.lowerCluster,
  };
}

function refusal(setting: string, value: string, advice: string): KubeError {
  return new KubeError('Configuration', `${setting} is "${value}"; ${advice}`);
}

function port(text: string | undefined): number {
  if (!text) return 10250;
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value > 0 && value < 65_536) return value;
  throw refusal('KUBELET_PORT', text, 'use a port from 1 to 65535');
}

function address(setting: string, environment: NodeJS.ProcessEnv): string | undefined {
  const text = environment[setting] || undefined;
  if (text !== undefined && isIP(text) === 0) throw refusal(setting, text, 'use an IP address');
  return text;
}

function nodeTaint({ environment, provider }: NodeSettingsInput): NonNullable<VirtualNodeSettings['taint']> {
  const key = environment['VKUBELET_TAINT_KEY'] || 'virtual-kubelet.io/provider';
  if (!isLabelKey(key)) throw refusal('VKUBELET_TAINT_KEY', key, 'write it as the key of a label');
  const setting = environment['VKUBELET_TAINT_VALUE'] ? 'VKUBELET_TAINT_VALUE' : '--provider';
  const value = environment['VKUBELET_TAINT_VALUE'] || provider;
  if (!isLabelValue(value)) throw refusal(setting, value, 'write it as the value of a label');
  return { key, value, effect: taintEffect(environment['VKUBELET_TAINT_EFFECT'] || 'NoSchedule') };
}

function taintEffect(effect: string): 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' {
  if (effect === 'NoSchedule' || effect === 'PreferNoSchedule' || effect === 'NoExecute') return effect;
  throw refusal('VKUBELET_TAINT_EFFECT', effect, 'use NoSchedule, PreferNoSchedule or NoExecute');
}

function nodeLabel(text: string | undefined): Record<string, string> {
  if (!text) return {};
  const [key = '', value, ...more] = text.split(':').map((part) => part.trim());
  if (value !== undefined && more.length === 0 && isLabelKey(key) && isLabelValue(value))
    return { [key]: value };
  throw refusal('VKUBELET_NODE_LABEL', text, 'write it as "key: value"');
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
