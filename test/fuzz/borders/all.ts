import { annotations } from './annotations.ts';
import { answers } from './answers.ts';
import type { Border } from './border.ts';
import { configuration } from './configuration.ts';
import { flags } from './flags.ts';
import { texts } from './texts.ts';

/** Every border that is crossed by text alone. */
export const borders: readonly Border[] = [...configuration, ...annotations, ...texts, ...flags, ...answers];

/** Files of src/ that read text, and why no border names them. */
export const elsewhere: Readonly<Record<string, string>> = {
  'webhook/review.ts': 'webhook.test.ts',
  'serving/first-mistake.ts': 'webhook.test.ts, extender.test.ts',
  'multischeduler/server.ts': 'extender.test.ts',
  'multischeduler/extender-api.ts': 'extender.test.ts',
  'provider/kubelet/container-logs.ts': 'kubelet.test.ts: the refusals of the lower server',
  'scheduling/toleration.ts': 'what node-table.ts wrote itself',
  'descheduler/remaking.ts': 'remaking.test.ts: the Secret is one that it wrote',
  'joining/roles.ts': 'a manifest of ours',
  'cli/upper-kubeconfig.ts': 'a path; what is there is read by kube/connection.ts',
  'cli/provider.ts': 'hands the environment to those that read it',
};
