/** One metric of ours, as `/metrics` and docs/operating.md show it. */
export interface MetricDefinition {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Every value of each is one of a few: no names of pods, no paths, no messages. */
  readonly labels: readonly string[];
  /** Upper bounds of a histogram, in seconds. */
  readonly buckets?: readonly number[];
}

/** From a call on loopback to one that waits for its timeout; few, because there may be 200 virtual nodes. */
const durations = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 30];
/** Finer where people wait: the p50 of a quiet machine is some 10 ms. */
const lags = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Around the 5 ms that a review should not exceed. */
const reviews = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1];

/** Every metric of ours by name. Times are in seconds, as Prometheus wants them. */
export const definitions = {
  isthmus_build_info: {
    kind: 'gauge',
    help: 'Always 1; the label tells the version',
    labels: ['version'],
  },
  isthmus_queue_depth: {
    kind: 'gauge',
    help: 'Keys that wait for a worker now',
    labels: ['lower_cluster', 'queue'],
  },
  isthmus_queue_wait_seconds: {
    kind: 'histogram',
    help: 'How long keys waited for a worker',
    labels: ['lower_cluster', 'queue'],
    buckets: durations,
  },
  isthmus_reconciles_running: {
    kind: 'gauge',
    help: 'Reconciles under way now',
    labels: ['lower_cluster', 'queue'],
  },
  isthmus_reconciles_total: {
    kind: 'counter',
    help: 'Reconciles that ended: done, again (it asked to come back later) or failed (it is tried again)',
    labels: ['lower_cluster', 'queue', 'result'],
  },
  isthmus_reconcile_duration_seconds: {
    kind: 'histogram',
    help: 'How long reconciles took, calls included',
    labels: ['lower_cluster', 'queue'],
    buckets: durations,
  },
  isthmus_sync_lag_seconds: {
    kind: 'histogram',
    help: 'down: from the upper pod to the lower one; up: from a lower status to the upper status written',
    labels: ['lower_cluster', 'direction'],
    buckets: lags,
  },
  isthmus_sync_waiting_pods: {
    kind: 'gauge',
    help: 'Pods that wait to be made below, or whose status waits to be written above',
    labels: ['lower_cluster', 'direction'],
  },
  isthmus_sync_oldest_wait_seconds: {
    kind: 'gauge',
    help: 'How long the one of them waits that waits longest; 0 when none does',
    labels: ['lower_cluster', 'direction'],
  },
  isthmus_api_calls_total: {
    kind: 'counter',
    help: 'Attempts of calls by HTTP status, or by the kind of failure where no answer came',
    labels: ['lower_cluster', 'side', 'verb', 'code'],
  },
  isthmus_api_call_duration_seconds: {
    kind: 'histogram',
    help: 'How long API servers took until the headers of an answer came',
    labels: ['lower_cluster', 'side', 'verb'],
    buckets: durations,
  },
  isthmus_api_rate_limited_seconds_total: {
    kind: 'counter',
    help: 'Time that calls waited for our own limits (--kube-api-qps, --client-qps)',
    labels: ['lower_cluster', 'side'],
  },
  isthmus_watch_restarts_total: {
    kind: 'counter',
    help: 'Watches begun again: ended (as the server does), failed, expired (all was listed again), reconnected',
    labels: ['lower_cluster', 'side', 'resource', 'reason'],
  },
  isthmus_kubelet_streams: {
    kind: 'gauge',
    help: 'Requests under way on the kubelet port: logs that are followed, exec, attach, port-forward',
    labels: ['lower_cluster'],
  },
  isthmus_lower_cluster_reachable: {
    kind: 'gauge',
    help: '1 while the lower cluster answers, 0 when it is lost',
    labels: ['lower_cluster'],
  },
  isthmus_caches_in_step: {
    kind: 'gauge',
    help: '1 once both clusters have been listed and reconciles have begun',
    labels: ['lower_cluster'],
  },
  isthmus_leads_given_up_total: {
    kind: 'counter',
    help: 'Virtual nodes that this replica led and did not get to work for: left to others, or begun anew where none were alive',
    labels: [],
  },
  isthmus_webhook_reviews_total: {
    kind: 'counter',
    help: 'Reviews of the webhook: changed, unchanged, refused (the pod is not made) or bad (it was no review)',
    labels: ['result'],
  },
  isthmus_webhook_review_duration_seconds: {
    kind: 'histogram',
    help: 'How long reviews took, from their headers to the answer',
    labels: [],
    buckets: reviews,
  },
  isthmus_descheduler_proposals_total: {
    kind: 'counter',
    help: 'Proposals of the descheduler: moved, limited (too many), held (by a disruption budget or a Job), gone (or changed before), unknown (no answer in time) or failed',
    labels: ['strategy', 'outcome'],
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof definitions;
