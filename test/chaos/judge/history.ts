import { keyOf, pods } from '../../../src/kube/resources.ts';
import type { Pod } from '../../../src/kube/types.ts';
import { isOfUpperCluster, type Owner, upperUidOf } from '../../../src/translate/marks.ts';
import { watchStates } from '../../objects.ts';
import type { ChaosWorld, Member } from '../world.ts';

const controllerLabel = 'batch.kubernetes.io/controller-uid';
const indexLabel = 'batch.kubernetes.io/job-completion-index';

/** What may never have been at any time, whatever fails meanwhile. */
export interface History {
  /** All that was wrong so far. */
  readonly breaches: ReadonlySet<string>;
  /** How many states of pods were looked at. */
  readonly states: number;
  /** How many upper and lower pods there were. */
  readonly pods: { readonly above: number; readonly below: number };
  stop(): Promise<void>;
}

/** Watches every pod of every cluster from now on. Of each it remembers uids and ends, no objects. */
export async function watchHistory({ above, members }: ChaosWorld): Promise<History> {
  const breaches = new Set<string>();
  const [upper, lower] = [judgeUpper(breaches), judgeLower(breaches)];
  const owner = members[0]?.ground.owner ?? { upperCluster: '', virtualNode: '' };
  let states = 0;
  const counted = (judge: (pod: Pod) => void) => (pod: Pod) => {
    states += 1;
    judge(pod);
  };
  const stops = await Promise.all([
    watchStates(above, pods, '', counted(upper.judge)),
    ...members.map((member) =>
      watchStates(
        member.below,
        pods,
        '',
        counted((pod) => lower.judge(pod, member, owner)),
      ),
    ),
  ]);
  return {
    breaches,
    get states() {
      return states;
    },
    get pods() {
      return { above: upper.ends.size, below: lower.copies.size };
    },
    stop: async () => void (await Promise.all(stops.map((stop) => stop()))),
  };
}

/** Above, a pod that has ended stays so, and no index of a Job succeeds twice. */
function judgeUpper(breaches: Set<string>) {
  const ends = new Map<string, string>();
  const completed = new Map<string, string>();
  const judge = (pod: Pod) => {
    const { metadata = {}, status } = pod;
    const [uid = '', phase = ''] = [metadata.uid, status?.phase];
    const end = ends.get(uid);
    if (end && end !== phase) breaches.add(`upper pod ${keyOf(pod)} (${uid}) was ${end} and became ${phase}`);
    ends.set(uid, phase === 'Succeeded' || phase === 'Failed' ? phase : '');
    const [job, index] = [metadata.labels?.[controllerLabel], metadata.labels?.[indexLabel]];
    if (phase !== 'Succeeded' || !job || index === undefined) return;
    const first = completed.get(`${job}/${index}`) ?? uid;
    if (first !== uid)
      breaches.add(`index ${index} of the Job of ${keyOf(pod)} completed twice: ${first}, ${uid}`);
    completed.set(`${job}/${index}`, first);
  };
  return { judge, ends };
}

/** Below, an upper pod has one copy, ever and anywhere, and what a real kubelet has ended stays so. */
function judgeLower(breaches: Set<string>) {
  const copies = new Map<string, string>();
  const ends = new Map<string, string>();
  const judge = (pod: Pod, { name, hasKubelet }: Member, owner: Owner) => {
    const upper = upperUidOf(pod);
    if (!upper || upper === foreignUid || !isOfUpperCluster(pod, owner)) return;
    const [uid = '', phase = ''] = [pod.metadata?.uid, pod.status?.phase];
    const copy = `${name}/${uid}`;
    const first = copies.get(upper) ?? copy;
    if (first !== copy) breaches.add(`upper pod ${upper} (${keyOf(pod)}) has run twice: ${first}, ${copy}`);
    copies.set(upper, first);
    // Random lives write any end into what is played.
    if (!hasKubelet) return;
    const end = ends.get(uid);
    if (end && end !== phase) breaches.add(`lower pod ${keyOf(pod)} (${uid}) was ${end} and became ${phase}`);
    if (phase === 'Succeeded' || phase === 'Failed') ends.set(uid, phase);
  };
  return { judge, copies };
}

/** What random lives write into foreign objects that look like ours. */
const foreignUid = 'of-somebody-else';
