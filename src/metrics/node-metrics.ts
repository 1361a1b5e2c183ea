import type { ReflectorObserver } from '../kube/reflector.ts';
import type { CallObserver } from '../kube/transport-request.ts';
import type { QueueObserver } from '../kube/work-queue.ts';

/** Which of the two clusters of a virtual node. */
export type Side = 'upper' | 'lower';

/** Which way something travels: pods down, their status up. */
export type Direction = 'down' | 'up';

/** The queues of a virtual node. */
export type QueueName =
  | 'pod'
  | 'dependency'
  | 'node'
  | 'event'
  | 'claim'
  | 'volume'
  | 'service'
  | 'endpointslice'
  | 'networkpolicy';

/** Pods that have not got where they go. */
export interface Waiting {
  readonly pods: number;
  /** How long the oldest waits, in milliseconds; 0 when none does. */
  readonly oldest: number;
}

/** What is asked for only when somebody looks. Each answer must cost next to nothing. */
export interface NodeReadings {
  /** Open requests on the kubelet port. */
  streams(): number;
  isReachable(): boolean;
  isInStep(): boolean;
  waiting(direction: Direction): Waiting;
}

/** The observers of one virtual node; what they are told is labelled with it. */
export interface NodeMetrics {
  queue(name: QueueName): QueueObserver;
  calls(side: Side): CallObserver;
  watch(side: Side, resource: string): ReflectorObserver;
  /** A pod or its status has arrived after so many milliseconds. */
  lag(direction: Direction, milliseconds: number): void;
  /** Says where to look from now on. */
  read(readings: NodeReadings): void;
  /** Drops every series of this node: it is no longer ours. What is told afterwards is forgotten. */
  remove(): void;
}
