import type { TLSSocket } from 'node:tls';

/** Who calls, in the words of the authorization API. */
export interface User {
  username: string;
  uid?: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

/**
 * The user that a connection's client certificate names: its common name, its organizations as groups. Undefined
 * when there is none, or none that was verified. Only to be asked where the server's `ca` was the client CA: with
 * Node's default `ca`, every certificate of the public authorities would pass.
 */
export function userOfCertificate(socket: TLSSocket, now: Date = new Date()): User | undefined {
  if (!socket.authorized) return undefined;
  const { subject, valid_to: validTo } = socket.getPeerCertificate();
  // Verified when the connection began, which may be long ago; and not when it expired since.
  if (!subject || !(new Date(validTo) > now)) return undefined;
  // Several common names come as an array, and which of them is meant is a matter of opinion.
  const name: unknown = subject.CN;
  if (typeof name !== 'string' || name === '') return undefined;
  const organizations: unknown = subject.O ?? [];
  const groups = [organizations].flat().filter((group) => typeof group === 'string');
  return { username: name, groups: [...groups, 'system:authenticated'] };
}
