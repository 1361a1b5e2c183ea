import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Client } from '../../../kube/client.ts';
import { describeError } from '../../../kube/errors.ts';
import type { Logger } from '../../../kube/logger.ts';
import type { Route } from '../routes.ts';
import { Permissions } from './permissions.ts';
import { Tokens } from './tokens.ts';
import { type User, userOfCertificate } from './user.ts';

/** Why a request goes no further, or undefined when it may. */
export type Refusal = { code: 401 | 403 | 503; message: string } | undefined;

export interface AccessOptions {
  upper: Client;
  nodeName: string;
  /** Whether a bearer token may say who calls; yes unless told. */
  acceptTokens?: boolean;
  /** Whether the server verified this connection's certificate against the client CA of now. */
  verifiesCertificate(socket: TLSSocket): boolean;
  logger: Logger;
}

/** For what is no route: the widest right of all, with the verb that the API server would check. */
const otherVerbs: Record<string, string> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** The door of the kubelet API: who are you, and may you. When that cannot be told, it stays shut. */
export class Access {
  readonly #options: AccessOptions;
  readonly #tokens: Tokens;
  readonly #permissions: Permissions;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#tokens = new Tokens(options.upper);
    this.#permissions = new Permissions(options.upper, options.nodeName);
  }

  /** Decides about one request. Never throws. */
  async check(request: IncomingMessage, route: Route | undefined): Promise<Refusal> {
    try {
      const user = await this.#userOf(request);
      if (!user) return { code: 401, message: 'Unauthorized' };
      const method = request.method ?? 'GET';
      const verb = route?.methods[method] ?? otherVerbs[method] ?? 'get';
      const subresources = route?.subresources ?? ['proxy'];
      for (const subresource of subresources) {
        if (await this.#permissions.allow({ user, verb, subresource })) return undefined;
      }
      const what = subresources.map((subresource) => `nodes/${subresource}`).join(' or ');
      const { nodeName } = this.#options;
      return {
        code: 403,
        message: `Forbidden: user "${user.username}" may not ${verb} ${what} of "${nodeName}"`,
      };
    } catch (error) {
      this.#options.logger.warn(
        { error: describeError(error) },
        'the upper cluster cannot tell who may call',
      );
      return { code: 503, message: 'the upper cluster cannot be asked who may call' };
    }
  }

  async #userOf({ socket, headers }: IncomingMessage): Promise<User | undefined> {
    const tls = socket as TLSSocket;
    const user = this.#options.verifiesCertificate(tls) ? userOfCertificate(tls) : undefined;
    if (user) return user;
    if (this.#options.acceptTokens === false) return undefined;
    const [, token] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    return token === undefined ? undefined : await this.#tokens.userOf(token);
  }
}
