import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadConnection } from './connection.ts';
import { describeError, hasCode } from './errors.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'isthmus-connection-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const cluster = { server: 'https://10.0.0.1:6443', 'certificate-authority-data': btoa('the CA') };

function kubeconfig(user: object, changes: object = {}, clusterChanges: object = {}): string {
  return write(
    'config.yaml',
    stringify({
      'current-context': 'here',
      contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { ...cluster, ...clusterChanges } }],
      users: [{ name: 'u', user }],
      ...changes,
    }),
  );
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A credential plugin that hands out a token with the number of times it was called. */
function plugin(status: string): object {
  const calls = join(folder, 'calls');
  const path = write(
    'plugin',
    `#!/bin/sh\necho x >> '${calls}'\nn=$(wc -l < '${calls}')\ncat <<END\n{"status": ${status}}\nEND\n`,
  );
  chmodSync(path, 0o755);
  return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: path } };
}

function failure(path: string | undefined): string {
  try {
    loadConnection('lower', path);
  } catch (error) {
    expect(hasCode(error, 'Configuration')).toBe(true);
    return describeError(error);
  }
  throw new Error('it was loaded');
}

const authorization = async (path: string) =>
  (await loadConnection('lower', path).credentials()).headers['Authorization'];

describe('one clear line, and no other cluster, for', () => {
  const cases: [string, () => string | undefined, RegExp][] = [
    ['a wrong path', () => join(folder, 'missing.yaml'), /missing\.yaml: ENOENT: no such file/],
    ['a folder', () => folder, /EISDIR/],
    [
      'no path, outside of a pod',
      () => undefined,
      /the service account: no kubeconfig was given, and this is not a pod/,
    ],
    ['an empty file', () => write('config.yaml', ''), /it is not a kubeconfig/],
    ['a file of something else', () => write('config.yaml', 'just words'), /it is not a kubeconfig/],
    ['broken YAML', () => write('config.yaml', 'clusters: [\n- {'), /config\.yaml: /],
    [
      'no current-context',
      () => kubeconfig({}, { 'current-context': undefined }),
      /it has no current-context/,
    ],
    [
      'a context that is not there',
      () => kubeconfig({}, { 'current-context': 'there' }),
      /it has no context "there"/,
    ],
    [
      'a cluster that is not there',
      () => kubeconfig({}, { clusters: [] }),
      /its context "here" names no cluster/,
    ],
    [
      'a user that is not there',
      () => kubeconfig({}, { users: [] }),
      /its context "here" names no user, "u"/,
    ],
    [
      'a server without a scheme',
      () => kubeconfig({}, {}, { server: 'localhost:6443' }),
      /"localhost:6443" is no URL of a server/,
    ],
    [
      'a bad server',
      () => kubeconfig({}, {}, { server: 'https://a:b:c' }),
      /"https:\/\/a:b:c" is no URL of a server/,
    ],
    ['no server', () => kubeconfig({}, {}, { server: undefined }), /server is missing/],
    [
      'groups that would be dropped',
      () => kubeconfig({ as: 'me', 'as-groups': ['g'] }),
      /"u" has as-groups, which is not supported/,
    ],
  ];
  test.each(cases)('%s', (_, path, expected) => {
    const line = failure(path());
    expect(line).toMatch(expected);
    expect(line).toMatch(/^kubeconfig of the lower cluster, /);
    expect(line).not.toContain('\n');
    expect(line).not.toMatch(/undefined|Cannot read/);
  });
});

test.each<[string, object, RegExp]>([
  ['users that are no list', { users: 5 }, /not a kubeconfig: users is missing or something else$/],
  ['a cluster that is nothing', { clusters: [null] }, /not a kubeconfig: clusters\.0 is missing/],
  [
    'a server that is a list',
    { clusters: [{ name: 'a', cluster: { server: [] } }] },
    /clusters\.0\.cluster\.server/,
  ],
  [
    'a context that is a map',
    { 'current-context': { value: 'a' } },
    /current-context is missing or something/,
  ],
])('one line says what is wrong with %s', (_, more, line) => {
  const good = { 'current-context': 'a', contexts: [], clusters: [], users: [] };
  expect(failure(write('config.yaml', JSON.stringify({ ...good, ...more })))).toMatch(line);
});

test.each([
  [
    'what the library nests no further',
    `{"users":[{"name":"u","user":{"a":${'['.repeat(90)}{"token":"hunter2","b":${'['.repeat(50)}${']'.repeat(50)}}${']'.repeat(90)}}}]}`,
  ],
  ['the rest of a broken line', 'users:\n- user: {token: "hunter2'],
  ['what one parser alone takes for a mistake', 'token: hunter2\n? [a]\n: hunter2\n!!js/function hunter2: x'],
])('no token is shown with %s', (_, text) => {
  expect(failure(write('config.yaml', text))).not.toContain('hunter2');
});

describe('credentials', () => {
  test('are what the current context says', async () => {
    const path = kubeconfig(
      { 'client-certificate-data': btoa('cert'), 'client-key-data': btoa('key'), as: 'someone' },
      {},
      { 'tls-server-name': 'kubernetes', server: 'https://10.0.0.1:6443/prefix/' },
    );
    const connection = loadConnection('upper', path);
    expect(connection).toMatchObject({ name: 'upper', proxyUrl: undefined });
    expect(connection.server.href).toBe('https://10.0.0.1:6443/prefix');
    const { tls, headers, agent } = await connection.credentials();
    expect(Object.entries(tls).map(([name, value]) => `${name} ${value}`)).toEqual([
      'ca the CA',
      'cert cert',
      'key key',
      'servername kubernetes',
    ]);
    expect(headers).toEqual({ 'Impersonate-User': 'someone' });
    expect(agent).toBeUndefined();
  });

  test('are a token, a password, or none', async () => {
    expect(await authorization(kubeconfig({ token: 'abc' }))).toBe('Bearer abc');
    expect(await authorization(kubeconfig({ username: 'me', password: 'öäü' }))).toBe(
      `Basic ${Buffer.from('me:öäü').toString('base64')}`,
    );
    expect(await authorization(kubeconfig({}))).toBeUndefined();
  });

  test('come from a token file beside the kubeconfig, which wins over a token', async () => {
    write('token', 'from-file\n');
    expect(await authorization(kubeconfig({ tokenFile: 'token', token: 'old' }))).toBe('Bearer from-file');
  });

  test('come from files named relative to the kubeconfig, as they are now', async () => {
    write('c.pem', 'first');
    write('k.pem', 'key');
    const connection = loadConnection(
      'lower',
      kubeconfig({ 'client-certificate': 'c.pem', 'client-key': 'k.pem' }),
    );
    expect(`${(await connection.credentials()).tls.cert}`).toBe('first');
    write('c.pem', 'second');
    expect(`${(await connection.credentials()).tls.cert}`).toBe('second');
  });

  test('say which cluster and file when they cannot be had', async () => {
    const connection = loadConnection('lower', kubeconfig({ tokenFile: 'missing' }));
    await expect(connection.credentials()).rejects.toThrow(
      /^credentials for the lower cluster, .*config\.yaml: ENOENT.*missing/,
    );
  });

  test('carry the way through a proxy', async () => {
    const connection = loadConnection(
      'lower',
      kubeconfig({ token: 'x' }, {}, { 'proxy-url': 'http://proxy:3128' }),
    );
    expect(connection.proxyUrl).toBe('http://proxy:3128');
    expect((await connection.credentials()).agent).toBeDefined();
  });
});

describe('a credential plugin', () => {
  test('is called once for a token that does not expire, and again when the server refuses it', async () => {
    const connection = loadConnection('lower', kubeconfig(plugin('{"token": "t$n"}')));
    expect((await connection.credentials()).headers).toEqual({ Authorization: 'Bearer t1' });
    expect((await connection.credentials()).headers).toEqual({ Authorization: 'Bearer t1' });
    expect((await connection.credentials(true)).headers).toEqual({ Authorization: 'Bearer t2' });
    expect((await connection.credentials()).headers).toEqual({ Authorization: 'Bearer t2' });
  });

  test('is called again when its token has expired', async () => {
    const status = '{"token": "t$n", "expirationTimestamp": "2020-01-01T00:00:00Z"}';
    const connection = loadConnection('lower', kubeconfig(plugin(status)));
    await connection.credentials();
    expect((await connection.credentials()).headers).toEqual({ Authorization: 'Bearer t2' });
  });

  test('may give a client certificate', async () => {
    const status = '{"clientCertificateData": "cert", "clientKeyData": "key"}';
    const { tls } = await loadConnection('lower', kubeconfig(plugin(status))).credentials();
    expect(tls).toMatchObject({ cert: 'cert', key: 'key' });
  });

  test.each([
    ['is not there', { exec: { command: '/nonexistent/plugin' } }, /nonexistent\/plugin ENOENT/],
    [
      'fails',
      { exec: { command: '/bin/sh', args: ['-c', 'echo not logged in >&2; exit 1'] } },
      /not logged in$/,
    ],
    ['fails and says nothing', { exec: { command: '/bin/false' } }, /: (Error|the credential plugin failed)/],
    ['does not say JSON', { exec: { command: '/bin/echo', args: ['hello'] } }, /JSON/],
  ])('that %s is told in one line', async (_, user, expected) => {
    const connection = loadConnection('lower', kubeconfig(user));
    const error: unknown = await connection.credentials().catch((thrown: unknown) => thrown);
    expect(hasCode(error, 'Configuration')).toBe(true);
    expect(describeError(error)).toMatch(/^credentials for the lower cluster, /);
    expect(describeError(error)).toMatch(expected);
  });
});

describe('renewal', () => {
  test('reads the kubeconfig again', async () => {
    const path = kubeconfig({ token: 'first' });
    const connection = loadConnection('lower', path);
    kubeconfig({ token: 'second' });
    expect((await connection.credentials()).headers['Authorization']).toBe('Bearer first');
    expect((await connection.credentials(true)).headers['Authorization']).toBe('Bearer second');
    expect((await connection.credentials()).headers['Authorization']).toBe('Bearer second');
  });

  test('never follows the kubeconfig to another server', async () => {
    const path = kubeconfig({ token: 'first' });
    const connection = loadConnection('lower', path);
    writeFileSync(path, readFileSync(path, 'utf8').replace('10.0.0.1', '10.0.0.2'));
    await expect(connection.credentials(true)).rejects.toThrow(
      /names another server than before, https:\/\/10\.0\.0\.2/,
    );
    expect((await connection.credentials()).headers['Authorization']).toBe('Bearer first');
  });
});
