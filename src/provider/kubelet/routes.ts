import { attach } from './attach.ts';
import type { Call, KubeletContext } from './call.ts';
import { containerLogs } from './container-logs.ts';
import { exec } from './exec.ts';
import { healthz } from './healthz.ts';
import { metricsResource } from './metrics-resource.ts';
import { pods, runningPods } from './pods.ts';
import { portForward } from './port-forward.ts';
import { statsSummary } from './stats-summary.ts';

/** One verb of the kubelet API. */
export interface Route {
  /** The first part of the path. */
  readonly path: string;
  /** The HTTP methods, each with the RBAC verb that a caller needs for it. */
  readonly methods: Readonly<Record<string, string>>;
  /** The subresources of nodes, one of which must be allowed to the caller. */
  readonly subresources: readonly string[];
  /** Answers the call. What it throws is answered with 500. */
  readonly serve: (call: Call, context: KubeletContext) => Promise<void> | void;
}

/** Running something is never reading, whatever the method says. */
const streaming = { methods: { GET: 'create', POST: 'create' }, subresources: ['proxy'] };
const reading = { methods: { GET: 'get' } };

export const routes: readonly Route[] = [
  { path: 'containerLogs', ...reading, subresources: ['proxy'], serve: containerLogs },
  { path: 'exec', ...streaming, serve: exec },
  { path: 'attach', ...streaming, serve: attach },
  { path: 'portForward', ...streaming, serve: portForward },
  { path: 'pods', ...reading, subresources: ['pods', 'proxy'], serve: pods },
  { path: 'runningpods', ...reading, subresources: ['pods', 'proxy'], serve: runningPods },
  { path: 'stats', ...reading, subresources: ['stats', 'proxy'], serve: statsSummary },
  { path: 'metrics', ...reading, subresources: ['metrics', 'proxy'], serve: metricsResource },
  { path: 'healthz', ...reading, subresources: ['healthz', 'proxy'], serve: healthz },
];
