import { Agent, request } from 'node:https';
import { type Access, readKubeconfig } from './kubeconfig.ts';

/** An answer of an API server: `body` is its text. */
interface Answer {
  readonly status: number;
  readonly body: string;
}

/** As little of an API client as starting a cluster takes. */
export interface Api {
  send(method: string, path: string, body?: object): Promise<Answer>;
  /** GET of a JSON object; undefined unless the answer was 200. */
  get<T>(path: string): Promise<T | undefined>;
  close(): void;
}

/** Connects with a kubeconfig; an answer that takes longer than five seconds is an error. */
export function openApi(kubeconfig: string): Api {
  const access = readKubeconfig(kubeconfig);
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 8,
    ca: access.authority,
    cert: access.client.certificate,
    key: access.client.key,
  });
  const send: Api['send'] = (method, path, body) => exchange(agent, access, method, path, body);
  return {
    send,
    get: async <T>(path: string) => {
      const { status, body } = await send('GET', path);
      return status === 200 ? (JSON.parse(body) as T) : undefined;
    },
    close: () => agent.destroy(),
  };
}

function exchange(
  agent: Agent,
  { server }: Access,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers =
    payload === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
  return new Promise((resolve, reject) => {
    const call = request(new URL(path, server), { agent, method, headers, timeout: 5000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    call.on('timeout', () => call.destroy(new Error(`${server} does not answer`)));
    call.on('error', reject);
    call.end(payload);
  });
}
