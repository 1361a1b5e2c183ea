import { execute } from '../hack/clusters/exec.ts';
import { isthmus } from './provider.ts';
import type { Stage } from './stage.ts';

/** What `isthmus status` says: the row of the stage's virtual node, and the lines about what is wrong. */
export async function statusOf(stage: Stage): Promise<{ row: string; wrong: string }> {
  const args = [isthmus, 'status', '--kubeconfig', stage.upper.kubeconfig];
  const { exitCode, stdout, stderr } = await execute(process.execPath, args);
  if (exitCode !== 0 || stderr !== '') throw new Error(`isthmus status: ${exitCode} ${stderr}`);
  const [table = '', wrong = ''] = stdout.split('\nWrong:\n');
  const [head = '', ...rows] = table.split('\n');
  if (!/^NODE +REACHABLE +CPU +MEMORY +PODS +LARGEST FREE NODE +STATES/.test(head)) throw new Error(stdout);
  return { row: rows.find((line) => line.startsWith(stage.node)) ?? '', wrong };
}
