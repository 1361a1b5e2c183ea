import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readInlineKubeconfig } from './inline-kubeconfig.ts';

const good = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'x',
  contexts: [
    { name: 'x', context: { cluster: 'c', user: 'u', namespace: 'n' } },
    { name: 'y', context: { cluster: 'c', user: 'v' } },
    { name: 'z', context: { cluster: 'none', user: 'none' } },
  ],
  clusters: [{ name: 'c', cluster: { server: 'https://a:6443', extensions: [{ name: 'kind' }] } }],
  users: [
    { name: 'u', user: { token: 'hunter2' } },
    { name: 'v', user: { username: 'me', password: 'hunter2' } },
  ],
};
const withUser = (user: unknown) => ({ ...good, users: [{ name: 'u', user }] });
const withCluster = (cluster: unknown) => ({ ...good, clusters: [{ name: 'c', cluster }] });

function read(config: unknown, context?: string) {
  return readInlineKubeconfig(
    'secret s/a, key kubeconfig',
    typeof config === 'string' ? config : stringify(config),
    context,
  );
}

test('of everything in it only what is used goes further, as JSON', () => {
  const result = read(good);
  expect('value' in result && JSON.parse(result.value)).toEqual({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lower', cluster: { server: 'https://a:6443' } }],
    users: [{ name: 'lower', user: { token: 'hunter2' } }],
    contexts: [{ name: 'lower', context: { cluster: 'lower', user: 'lower' } }],
    'current-context': 'lower',
  });
});

test('another context', () => {
  const result = read(good, 'y');
  expect('value' in result && JSON.parse(result.value).users[0].user).toEqual({
    username: 'me',
    password: 'hunter2',
  });
});

const files = 'a kubeconfig in a Secret may not name files; put the content in';
const programs = 'a kubeconfig in a Secret may not run programs; give a token or a client certificate';
const others = 'it may not act as somebody else; give the credentials of the account itself';
/** Whoever can write the Secret must not get at what the provider's machine has: hostile input. */
test.each<[string, unknown, string, string?]>([
  ['nothing', '', 'not a kubeconfig'],
  ['words', 'hunter2', 'not a kubeconfig'],
  ['broken YAML', 'users: ["hunter2', 'Missing closing "quote'],
  ['broken YAML with a token', 'users: [hunter2}', 'not YAML'],
  ['no users', { ...good, users: undefined }, 'not a kubeconfig: users is missing'],
  ['a user that is a word', { ...good, users: ['u'] }, 'not a kubeconfig: users.0 is missing'],
  ['exec', withUser({ exec: { command: 'sh' } }), `its user "u" has exec: ${programs}`],
  [
    'exec in a user that is not used',
    { ...good, users: [...good.users, { name: 'w', user: { exec: {} } }] },
    `its user "w" has exec: ${programs}`,
  ],
  [
    'exec by a merge key',
    stringify(good).replace('token: hunter2', '<<: {exec: {command: sh}}'),
    'its user "u" has <<: it is not known',
  ],
  [
    'an auth provider',
    withUser({ 'auth-provider': { name: 'gcp' } }),
    `its user "u" has auth-provider: ${programs}`,
  ],
  [
    'a file with a token',
    withUser({ tokenFile: '/etc/token' }),
    `its user "u" has tokenFile: ${files} token`,
  ],
  [
    'a file with a certificate',
    withUser({ 'client-certificate': 'a' }),
    `its user "u" has client-certificate: ${files} client-certificate-data`,
  ],
  [
    'a file with a key',
    withUser({ token: 'x', 'client-key': 'a' }),
    `its user "u" has client-key: ${files} client-key-data`,
  ],
  [
    'a file with an authority',
    withCluster({ server: 'https://a', 'certificate-authority': 'a' }),
    `its cluster "c" has certificate-authority: ${files} certificate-authority-data`,
  ],
  ['another person', withUser({ token: 'x', as: 'root' }), `its user "u" has as: ${others}`],
  ['a slip', withUser({ tokn: 'hunter2' }), 'its user "u" has tokn: did you mean token?'],
  [
    'a token that is a map',
    withUser({ token: { a: 'hunter2' } }),
    'its user "u": token is missing or no text',
  ],
  ['no server', withCluster({}), 'its cluster "c": server is missing or no text'],
  ['a server without TLS', withCluster({ server: 'http://a' }), 'its server is no https URL'],
  ['a file as server', withCluster({ server: 'file:///etc/passwd' }), 'its server is no https URL'],
  [
    'a proxy that is none',
    withCluster({ server: 'https://a', 'proxy-url': 'file:///x' }),
    'its proxy-url is no http URL',
  ],
  [
    'an authority that is none',
    withCluster({ server: 'https://a', 'certificate-authority-data': 'aHVudGVyMg==' }),
    'its certificate-authority-data is no certificate in base64',
  ],
  [
    'a certificate without key',
    withUser({ 'client-certificate-data': 'hunter2' }),
    'client-certificate-data and client-key-data go together',
  ],
  [
    'a certificate that is none',
    withUser({ 'client-certificate-data': 'hunter2', 'client-key-data': 'hunter2' }),
    'client-certificate-data and client-key-data are no certificate and its key in base64',
  ],
  ['no credentials', withUser({}), 'its user has no credentials'],
  [
    'a token with a line in it',
    withUser({ token: 'hunter2\r\nx: y' }),
    'its token has characters that no token has',
  ],
  ['no current context', { ...good, 'current-context': undefined }, 'it has no current-context'],
  ['a context that is not there', good, 'it has no context "w"', 'w'],
  ['a context of nothing', good, 'its context "z" names no cluster', 'z'],
])('%s is refused', (_, config, expected, context) => {
  const result = read(config, context);
  expect(result).toEqual({ mistakes: [expect.stringContaining(`secret s/a, key kubeconfig: `)] });
  expect('mistakes' in result && result.mistakes[0]).toContain(expected);
  expect(JSON.stringify(result)).not.toContain('hunter2');
});
