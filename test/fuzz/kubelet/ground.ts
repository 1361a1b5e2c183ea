import { expect, vi } from 'vitest';
import type { Pod } from '../../../src/kube/types.ts';
import type { KubeletServer } from '../../../src/provider/kubelet/server.ts';
import { ask, clientOf, fakeUpper, startServer } from '../../../src/provider/kubelet/test-servers.ts';
import { TestAuthority } from '../../../src/provider/kubelet/tls/test-authority.ts';
import { raw } from '../../../src/translate/test-objects.ts';
import type { Ending } from '../parts/line.ts';
import { Lines } from '../parts/lines.ts';
import { quietLogger } from '../parts/quiet-logger.ts';
import { type CountingLower, ours, startLower } from './lower.ts';

/** Who makes the connection: nobody, one whose certificate is good, one whose is not. */
export type Certificate = 'none' | 'good' | 'stranger';

export interface KubeletGround {
  readonly server: KubeletServer;
  readonly lower: CountingLower;
  readonly lastError: () => string;
  /** Sends bytes on a connection that nobody else uses meanwhile. */
  send(
    bytes: string,
    certificate?: Certificate,
    options?: { isCut?: boolean; method?: string; parts?: number },
  ): Promise<Ending>;
  /** Whether nothing that should not arrived, and whether a good caller is served. */
  well(): Promise<void>;
  close(): void;
}

/** A kubelet port between an upper and a lower server; the pods `web` and `db` of `default` are there. */
export async function startGround(): Promise<KubeletGround> {
  const [authority, other] = [await TestAuthority.create('clients'), await TestAuthority.create('strangers')];
  const pairs = {
    none: {},
    good: await authority.issue({ commonNames: ['jo'] }),
    stranger: await other.issue({ commonNames: ['jo'], organizations: ['system:masters'] }),
  };
  const upper = await fakeUpper(authority.cert);
  Object.assign(upper.users, { good: { username: 'robot' }, reader: { username: 'reader' } });
  upper.allows = ({ user, resourceAttributes: { verb } }) =>
    user === 'jo' || user === 'robot' || (user === 'reader' && verb === 'get');
  const lower = await startLower();
  const { logger, lastError } = quietLogger();
  const pods = new Map(['web', 'db'].map((name) => [`default/${name}`, podOf(name)]));
  const server = await startServer({
    upper: upper.client,
    logger,
    lower: clientOf(lower.url, 'lower', { Authorization: ours }),
    findPod: (namespace, name, uid) => {
      const pod = pods.get(`${namespace}/${name}`);
      return uid === undefined || uid === pod?.metadata?.uid ? pod : undefined;
    },
    listPods: () => [...pods.values()].map((pod) => ({ upper: pod, lower: undefined })),
  });
  const lines = {
    none: new Lines(server.port, pairs.none),
    good: new Lines(server.port, pairs.good),
    stranger: new Lines(server.port, pairs.stranger),
  };
  const good = { headers: { authorization: 'Bearer good', 'user-agent': 'fuzz all 0' } };
  return {
    server,
    lower,
    lastError,
    send: (bytes, certificate = 'none', options = {}) => lines[certificate].exchange(bytes, options),
    async well() {
      // What was asked for is not kept: it would look like memory that the server keeps.
      upper.tokens.length = 0;
      upper.attempts.length = 0;
      expect(lower.faults).toEqual([]);
      expect(await ask(server, '/healthz', good)).toMatchObject({ status: 200, body: 'ok' });
      expect(await ask(server, '/healthz')).toMatchObject({ status: 401 });
      await vi.waitFor(() => expect(server.sessions).toBe(0), { timeout: 20_000 });
    },
    close() {
      for (const each of Object.values(lines)) each.close();
    },
  };
}

function podOf(name: string): Pod {
  return raw<Pod>({ metadata: { namespace: 'default', name, uid: `uid-${name}` } });
}
