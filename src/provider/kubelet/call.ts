import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../../kube/logger.ts';
import type { Transport } from '../../kube/transport.ts';
import type { PodTarget } from '../../translate/kubelet-request.ts';
import { refuse } from './answer.ts';
import type { Session } from './sessions.ts';
import type { FindPod, ListPods } from './usage/node-pods.ts';
import type { UsageFigures } from './usage/usage-figures.ts';

/** What every verb needs besides the request. */
export interface KubeletContext {
  findPod: FindPod;
  listPods: ListPods;
  usage: UsageFigures;
  lower: Transport;
  /** Milliseconds without a byte after which a stream ends. */
  idleTimeout: number;
  logger: Logger;
}

/** One request that was authenticated and authorized. */
export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Set when the caller wants to leave HTTP; `head` are bytes that came right behind the request. */
  readonly upgrade: { socket: Socket; head: Buffer } | undefined;
  /** The parts of the path behind the verb. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly session: Session;
}

/** Whether the target names a pod that is ours; otherwise the call has been answered. */
export function isOurs<T extends PodTarget>(
  call: Call,
  { findPod }: KubeletContext,
  target: T | undefined,
): target is T {
  if (!target) {
    refuse(call, 400, 'the path names no namespace, pod and container');
    return false;
  }
  if (findPod(target.namespace, target.pod, target.uid)) return true;
  refuse(call, 404, `pod ${target.namespace}/${target.pod} does not run on this node`);
  return false;
}
