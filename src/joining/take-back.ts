import type { Client } from '../kube/client.ts';
import { secrets } from '../kube/resources.ts';
import type { Secret } from '../kube/types.ts';
import { deleteObject, tokensBut } from './account.ts';
import { attempt } from './attempt.ts';
import type { Joining } from './names.ts';
import { removeAccount } from './remove-account.ts';

/**
 * Takes away below what a join that came to nothing has made: a token that nobody knows would count for ever. Never
 * rejects.
 *
 * @param isNew whether there was nothing of the joining before
 * @param before the tokens that there were
 * @returns a line for each thing that is left
 */
export async function takeBack(
  lower: Client,
  joining: Joining,
  { isNew, before }: { readonly isNew: boolean; readonly before: readonly Secret[] },
): Promise<string[]> {
  if (isNew) return removeAccount(lower, joining);
  const left: string[] = [];
  const known = new Set(before.map(({ metadata }) => metadata?.uid));
  await attempt(left, 'a token that nobody has', async () => {
    for (const secret of await tokensBut(lower, joining))
      if (!known.has(secret.metadata?.uid)) await deleteObject(lower, secrets, secret);
  });
  return left;
}
