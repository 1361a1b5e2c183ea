import { unfinished } from '../../clusters/feed/watches.ts';
import { identify } from '../../clusters/identify.ts';
import { LowerPlacement } from '../../clusters/placement/lower-placement.ts';
import { Client } from '../../kube/client.ts';
import { loadConnection } from '../../kube/connection.ts';
import { KubeError } from '../../kube/errors.ts';
import { listAll } from '../../kube/list-all.ts';
import { createLogger } from '../../kube/logger.ts';
import { keyOf, nodes, persistentVolumeClaims, pods } from '../../kube/resources.ts';
import { Transport } from '../../kube/transport.ts';
import type { Pod } from '../../kube/types.ts';
import { explainPod, type PodExplanation } from '../../multischeduler/explanation.ts';
import { reach } from '../../scheduling/reach.ts';
import { isVirtual } from '../../translate/marks.ts';
import { virtualNodeLabel } from '../../translate/names.ts';
import { parseDuration } from '../duration.ts';
import { lowerClusters } from '../lower-clusters.ts';
import { notOneSource, sourcesIn } from '../lower-clusters-flags.ts';
import { upperKubeconfig } from '../upper-kubeconfig.ts';
import { explainDocument } from './document.ts';
import type { ExplainFlags } from './flags.ts';
import { explainText } from './text.ts';

/** Says why a pod is where it is, or nowhere; ends the process. @throws KubeError */
export async function runExplain(flags: ExplainFlags): Promise<void> {
  const timeout = parseDuration('timeout', flags.timeout);
  const transport = new Transport(loadConnection('upper', await upperKubeconfig(flags.kubeconfig)));
  const upper = new Client(transport);
  try {
    const [namespace = '', name] = flags.name.includes('/') ? flags.name.split('/') : ['default', flags.name];
    const pod = await upper.get(pods, { namespace, name: name ?? '' });
    if (!isVirtual(pod))
      throw new KubeError(
        'BadRequest',
        `pod ${keyOf(pod)} has no label virtual-pod=true: it runs in the upper cluster, see kubectl describe pod`,
      );
    const document = explainDocument(pod, await explainWith(upper, pod, await localFlags(flags), timeout));
    process.stdout.write(
      flags.output === 'json' ? `${JSON.stringify(document, null, 2)}\n` : explainText(document),
    );
  } finally {
    await transport.close();
  }
  // A connection being made to a cluster that does not answer cannot be given up: it would hold us for 10 s.
  process.exit();
}

async function explainWith(
  upper: Client,
  pod: Pod,
  flags: ExplainFlags,
  timeout: number,
): Promise<PodExplanation> {
  // Whatever a cluster complains about is in the explanation.
  const logger = createLogger('fatal');
  const { source, nodesBy } = lowerClusters(flags, upper, logger, 'log');
  const [upperCluster, { items: virtual }, { items: bound }, { items: claims }] = await Promise.all([
    identify(upper),
    listAll(upper, nodes, { labelSelector: `${virtualNodeLabel.name}=${virtualNodeLabel.value}` }),
    listAll(upper, pods, { fieldSelector: `spec.nodeName!=,${unfinished}` }),
    listAll(upper, persistentVolumeClaims),
  ]);
  const byName = new Map(virtual.map((node) => [node.metadata?.name ?? '', node]));
  const claimsByKey = new Map(claims.map((claim) => [keyOf(claim), claim]));
  const placement = new LowerPlacement({
    source,
    upperCluster,
    nodesBy,
    patience: timeout,
    nodeOf: (name) => byName.get(name),
    claimOf: (key) => claimsByKey.get(key),
    logger,
  });
  const ending = new AbortController();
  const running = placement.run(ending.signal);
  try {
    await Promise.race([placement.known(timeout, ending.signal), running]);
    const { virtualNodes, podsBelow, claimsBelow, promised } = placement;
    const others = bound.filter((other) => other.metadata?.uid !== pod.metadata?.uid);
    for (const other of others) if (isVirtual(other)) promised.apply(keyOf(other), other);
    const byNode = new Map<string, Pod[]>();
    for (const other of others) reach(byNode, other.spec?.nodeName ?? '', () => []).push(other);
    const above = [...byName].map(([name, node]) => ({ node, pods: byNode.get(name) ?? [] }));
    return explainPod(pod, { virtualNodes, podsBelow, claimsBelow, above });
  } finally {
    ending.abort();
    running.catch(() => {});
  }
}

/** Where nothing names lower clusters, those of `isthmus up` are meant. */
async function localFlags(flags: ExplainFlags): Promise<ExplainFlags> {
  const count = sourcesIn(flags);
  if (count === 1) return flags;
  const { findLocalClustersFile } = await import('../../../hack/clusters/multischeduler.ts');
  const clusters = count === 0 ? findLocalClustersFile() : undefined;
  if (clusters) return { ...flags, clusters };
  throw new KubeError('Configuration', notOneSource);
}
