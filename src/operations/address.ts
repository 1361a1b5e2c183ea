import { KubeError } from '../kube/errors.ts';

/** Where a server listens. */
export interface ListenAddress {
  /** All addresses of the machine when undefined. */
  readonly host: string | undefined;
  /** 0 picks a free one. */
  readonly port: number;
}

/**
 * Reads an address as programs written in Go take it: `127.0.0.1:10255`, `:10255` for all addresses, `[::1]:10255`.
 * Nothing, or `0`, is nowhere.
 *
 * @param setting what the address was given for, such as `--metrics-addr`
 * @throws KubeError `Configuration`
 */
export function parseListenAddress(setting: string, text: string): ListenAddress | undefined {
  if (text === '' || text === '0') return undefined;
  const [, bracketed, plain, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535)
    throw new KubeError('Configuration', `${setting} is "${text}"; write it as HOST:PORT or :PORT`);
  return { host: bracketed ?? (plain || undefined), port: Number(port) };
}
