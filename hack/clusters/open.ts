import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { programKubeconfigOf, providerKubeconfigOf } from './accounts.ts';
import { auditFiles } from './audit.ts';
import { programName, restartControllers, waitReady } from './controlplane.ts';
import { pauseK3s } from './k3s.ts';
import { layoutOfCluster } from './layout.ts';
import { plug } from './network.ts';
import { filesOf } from './pki.ts';
import { endProgram, type RunningProgram, recordOf, restartProgram, startProgram } from './programs.ts';
import { type ClusterState, readState } from './state.ts';
import { stopClusters } from './stop.ts';

/** A running local cluster. */
export interface LocalCluster {
  readonly name: string;
  /** Path; administrator's credentials, usable from the machine itself and from every namespace of the set. */
  readonly kubeconfig: string;
  /** Path; those of the account in deploy/rbac, as which a provider works with this cluster. */
  readonly providerKubeconfig: string;
  /** Path; those of the account as which a multischeduler looks at this cluster, if it is the upper one. */
  readonly multischedulerKubeconfig: string;
  /** The same of a descheduler. */
  readonly deschedulerKubeconfig: string;
  /** Of its network namespace (127.0.0.1 without root). */
  readonly address: string;
  /** The name of its network namespace, as root. */
  readonly namespace?: string;
  /** The authority of client certificates, for making more of them. */
  readonly clientCaFile: string;
  readonly clientCaKeyFile: string;
  /** Every write that was answered, and what programs of ours read; undefined when the set was started without it. */
  readonly auditLogFile?: string;
  /** Kills the API server with SIGKILL, and nothing else of the cluster. */
  stopApiServer(): Promise<void>;
  /** Starts it again on the same address, with the controllers that lost it; resolves when it is ready. */
  startApiServer(): Promise<void>;
  /** Pulls the cable: a partition, also from the machine. Only as root. */
  disconnect(): Promise<void>;
  reconnect(): Promise<void>;
}

/** A set of running local clusters: one upper, any number of lower ones. */
export interface LocalClusters {
  /** State, logs, kubeconfigs. */
  readonly directory: string;
  readonly upper: LocalCluster;
  readonly lower: ReadonlyMap<string, LocalCluster>;
  /**
   * Starts a detached program in the upper cluster's network namespace; stdout and stderr go to logs/NAME.log. The
   * name tells it from others; `stop` ends it first, with SIGTERM.
   */
  run(name: string, command: string[], environment?: Record<string, string>): Promise<RunningProgram>;
  /** Stops and removes everything, also what other processes started in the set. */
  stop(): Promise<void>;
}

/** Takes up a set of clusters that this or another process has started. */
export function openClusters(directory: string): LocalClusters {
  const place = realpathSync(directory);
  const state = readState(place);
  if (!state?.complete) throw new Error(`no clusters are running in ${directory}`);
  const { set, clusters } = state;
  const [upperState, ...lowerStates] = clusters;
  if (!upperState) throw new Error(`${directory} has no upper cluster`);
  const lower = lowerStates.map((cluster) => openCluster(place, set, cluster));
  return {
    directory: place,
    upper: openCluster(place, set, upperState),
    lower: new Map(lower.map((cluster) => [cluster.name, cluster])),
    run: async (name, command, environment = {}) =>
      startProgram(place, { name, command, environment, cluster: upperState }),
    stop: () => stopClusters(place),
  };
}

function openCluster(directory: string, set: number | undefined, state: ClusterState): LocalCluster {
  const { name, index, address, namespace } = state;
  const files = filesOf(directory, name);
  const apiserver = programName(name, 'kube-apiserver');
  if (state.nodes.kind === 'k3s') return openK3s(directory, state);
  const cable = async (plugged: boolean) => {
    if (set === undefined) throw new Error('clusters can only be disconnected as root, in namespaces');
    await plug(set, layoutOfCluster(set, index, name), plugged);
  };
  return {
    name,
    kubeconfig: files.kubeconfig,
    providerKubeconfig: providerKubeconfigOf(directory, name),
    multischedulerKubeconfig: programKubeconfigOf(directory, name, 'multischeduler'),
    deschedulerKubeconfig: programKubeconfigOf(directory, name, 'descheduler'),
    address,
    ...(namespace !== undefined && { namespace }),
    ...(state.isAudited && { auditLogFile: auditFiles(files.folder).log }),
    clientCaFile: join(files.pki, 'ca.crt'),
    clientCaKeyFile: join(files.pki, 'ca.key'),
    stopApiServer: () => endProgram(directory, apiserver),
    startApiServer: async () => {
      const etcd = recordOf(directory, programName(name, 'etcd'));
      await waitReady(directory, state, [restartProgram(directory, apiserver).record, etcd]);
      await restartControllers(directory, name);
    },
    disconnect: () => cable(false),
    reconnect: () => cable(true),
  };
}

/** A container cannot lose its API server alone: it is paused, which is also how it is disconnected. */
function openK3s(directory: string, { name, address }: ClusterState): LocalCluster {
  const files = filesOf(directory, name);
  const pause = (paused: boolean) => () => pauseK3s(directory, name, paused);
  return {
    name,
    kubeconfig: files.kubeconfig,
    providerKubeconfig: providerKubeconfigOf(directory, name),
    multischedulerKubeconfig: programKubeconfigOf(directory, name, 'multischeduler'),
    deschedulerKubeconfig: programKubeconfigOf(directory, name, 'descheduler'),
    address,
    clientCaFile: files.key('ca.crt'),
    clientCaKeyFile: files.key('ca.key'),
    stopApiServer: pause(true),
    startApiServer: pause(false),
    disconnect: pause(true),
    reconnect: pause(false),
  };
}
