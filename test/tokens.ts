import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { Stage } from './stage.ts';

/** Where a pod finds its service account. */
export const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** An API server and a service account, as a container sees them. */
export interface ContainerView {
  readonly host: string;
  readonly port: string;
  readonly authority: string;
  readonly namespace: string;
  readonly token: string;
}

/** Who a token is, to an API server (authentication.k8s.io/v1 UserInfo). */
export interface UserInfo {
  readonly username: string;
  readonly extra?: Record<string, string[]>;
}

/** Reads what the client libraries of every language read, inside the container. */
export async function viewOf(stage: Stage, pod: string): Promise<ContainerView> {
  const inside = (command: string) => stage.run('exec', pod, '--', 'sh', '-c', command);
  const file = (name: string) => inside(`cat ${accountFolder}/${name}`);
  return {
    host: (await inside('echo $KUBERNETES_SERVICE_HOST')).trim(),
    port: (await inside('echo $KUBERNETES_SERVICE_PORT')).trim(),
    authority: await file('ca.crt'),
    namespace: await file('namespace'),
    token: await file('token'),
  };
}

/**
 * Asks an API server who the bearer is, as a container would: only the answer's certificate and the token that
 * it has count. The test stands in for the container because busybox has no TLS.
 */
export async function whoAmI(view: ContainerView): Promise<UserInfo | undefined> {
  const call = request({
    host: view.host,
    port: view.port,
    ca: view.authority,
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    headers: { authorization: `Bearer ${view.token}`, 'content-type': 'application/json' },
    agent: false,
  });
  call.end('{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}');
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  if (response.statusCode === 401) return undefined;
  if (response.statusCode !== 201) throw new Error(`${response.statusCode}: ${body}`);
  return (JSON.parse(body) as { status: { userInfo: UserInfo } }).status.userInfo;
}

/** What a token says of itself; times in seconds. */
export function claimsOf(token: string): { aud: string[]; exp: number; iat: number } {
  const [, claims = ''] = token.split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString());
}
