import fc from 'fast-check';
import { hostileText } from '../parts/hostile-values.ts';

const verbs = [
  'containerLogs',
  'exec',
  'attach',
  'portForward',
  'pods',
  'runningpods',
  'stats',
  'metrics',
  'healthz',
];
const encoded = (text: string) => encodeURIComponent(text.replace(/[\ud800-\udfff]/g, '\ufffd'));
/** What may stand between two slashes, as it travels. */
const segment = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('default', 'web', 'db', 'main', 'uid-web', 'other', 'kube-system'),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '..',
      '.',
      '',
      '%2e%2e',
      '..%2f..',
      '%2F',
      '%252e%252e',
      '%00',
      'web%00',
      'web%20',
      'web%0d%0aHost:b',
      '%zz',
      '%c0%ae',
      '%',
      'WEB',
      'web;a=b',
      'web%3fa',
      'web%23',
      '*',
      '__proto__',
      'web\\..',
      '@',
      ':',
    ),
  },
  { weight: 2, arbitrary: hostileText.map((text) => encoded(text).slice(0, 300)) },
);
const goodTarget = fc
  .tuple(
    fc.constantFrom('containerLogs', 'exec', 'attach', 'portForward'),
    fc.constantFrom('web', 'db'),
    fc.boolean(),
  )
  .map(
    ([verb, pod, hasUid]) =>
      `/${verb}/default/${pod}${hasUid ? `/uid-${pod}` : ''}${verb === 'portForward' ? '' : '/main'}`,
  );
const path = fc.oneof(
  { weight: 9, arbitrary: goodTarget },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...verbs), fc.array(segment, { maxLength: 6 }))
      .map(([verb, rest]) => `/${[verb, ...rest].join('/')}`),
  },
  { weight: 2, arbitrary: fc.tuple(goodTarget, segment).map(([target, more]) => `${target}/${more}`) },
  { weight: 1, arbitrary: fc.tuple(segment, goodTarget).map(([more, target]) => `/${more}${target}`) },
  { weight: 1, arbitrary: goodTarget.map((target) => `http://other.example${target}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '*',
      '//',
      '/api/v1/namespaces',
      '/%2fexec/default/web/main',
      '/Exec/default/web/main',
    ),
  },
);
const parameter = fc.oneof(
  fc.constantFrom(
    'command=sh',
    'command=-c',
    'command=',
    'input=1',
    'output=true',
    'error=TRUE',
    'tty=1',
    'follow=true',
    'tailLines=-1',
    'sinceTime=never',
    'limitBytes=9e99',
    'container=other',
    'port=80',
    'ports=22',
    'port=-1',
    '&&',
    '=',
    '%',
    'a=%zz',
    '__proto__=1',
    'command=%26container%3Dother',
    '?',
    'follow=1#',
  ),
  fc
    .tuple(hostileText, hostileText)
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`.slice(0, 2_000)),
);
const query = fc.array(parameter, { maxLength: 8 }).map((all) => (all.length > 0 ? `?${all.join('&')}` : ''));

/** Where requests go, as it travels: our pods, others', and what only looks like one of them. */
export const target: fc.Arbitrary<string> = fc.tuple(path, query).map(([path, query]) => path + query);
