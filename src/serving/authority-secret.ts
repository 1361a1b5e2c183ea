import type { Client } from '../kube/client.ts';
import { hasCode, KubeError } from '../kube/errors.ts';
import { findObject } from '../kube/find-object.ts';
import { secrets } from '../kube/resources.ts';
import type { Secret } from '../kube/types.ts';
import {
  type Authorities,
  type AuthorityTerms,
  advance,
  readAuthorities,
  writeAuthorities,
} from './authorities.ts';

/** Where the authorities are kept. */
export interface SecretPlace {
  readonly namespace: string;
  readonly name: string;
}

/** How often replicas that all write at once may come too late. */
const mostAttempts = 5;

/**
 * The authorities in a Secret, made where there are none and followed by the next when it is time. Of replicas that do
 * so at once the first one counts. A Secret that holds something else is written anew.
 *
 * @throws KubeError
 */
export async function sharedAuthorities(
  client: Client,
  place: SecretPlace,
  terms: AuthorityTerms,
): Promise<Authorities> {
  for (let attempt = 1; ; attempt++) {
    const secret = await findObject(client, secrets, place);
    const have = readAuthorities(secret?.data);
    const authorities = await advance(have, terms);
    if (have && authorities === have) return have;
    try {
      await write(client, place, secret, authorities);
      return authorities;
    } catch (error) {
      if (!hasCode(error, 'Conflict', 'AlreadyExists', 'NotFound') || attempt === mostAttempts) throw error;
    }
  }
}

async function write(
  client: Client,
  place: SecretPlace,
  secret: Secret | undefined,
  authorities: Authorities,
): Promise<void> {
  const data = writeAuthorities(authorities);
  if (secret) {
    await client.replace(secrets, { ...secret, data: { ...secret.data, ...data } });
    return;
  }
  try {
    await client.create(secrets, { metadata: { ...place }, data });
  } catch (error) {
    if (!hasCode(error, 'Forbidden')) throw error;
    const message = `there is no Secret ${place.namespace}/${place.name}, and we may not make it: apply deploy/webhook.yaml`;
    throw new KubeError('Forbidden', message, { cause: error });
  }
}
