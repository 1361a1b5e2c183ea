import type { Client } from '../../kube/client.ts';
import type { Logger } from '../../kube/logger.ts';
import type { FindPod, ListPods } from './usage/node-pods.ts';

export interface KubeletServerOptions {
  upper: Client;
  lower: Client;
  /** The virtual node, as the upper cluster calls it: callers need rights on the subresources of this node. */
  nodeName: string;
  /** The address to listen on; all of them when not given. */
  host?: string;
  /** 0 picks a free one. */
  port: number;
  /** How many ports after it are tried when it is taken; none unless told. */
  otherPorts?: number;
  /**
   * The lower pod for an upper name, only when it is ours (marks and uid match). A `uid` is what the caller says
   * the upper pod's is; another one means another pod.
   */
  findPod: FindPod;
  /** Every pod bound to the node above, for the verbs that are about all of them. */
  listPods: ListPods;
  /** The files of the serving certificate, read again when they change; without them it is self-signed. */
  certificate: { certFile: string; keyFile: string } | undefined;
  /** Whether the upper cluster is asked to sign a certificate, which takes the place of the self-signed one. */
  requestCertificate?: boolean;
  /** IP addresses and names for which a certificate of ours is good, besides the node's name. */
  addresses: string[];
  /** Who signs the callers' certificates; otherwise the upper cluster's own ConfigMap tells. */
  clientCaFile: string | undefined;
  /** False lets everybody in who reaches the port. The caller warns of it. */
  verifyClients: boolean;
  /** False takes certificates alone; otherwise bearer tokens too, by TokenReview. */
  acceptTokens?: boolean;
  logger: Logger;
  /** Milliseconds without a byte after which a stream ends; the kubelet's 4 hours unless told. */
  idleTimeout?: number;
  /** Milliseconds between two looks at certificates and client CA; a minute unless told. */
  refreshPeriod?: number;
}

export interface KubeletServer {
  readonly port: number;
  /** How many requests are under way, streams included. */
  readonly sessions: number;
  /**
   * Takes no more connections, waits so long for the sessions to end, then ends them. Resolves when no
   * connection is left.
   */
  close(graceMilliseconds: number): Promise<void>;
}
