import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  containerTarget,
  lowerLogPath,
  lowerPortForwardPath,
  lowerStreamPath,
  parseKubeletUrl,
  podTarget,
} from './kubelet-request.ts';

/** The way of a request through all of it: what would be asked below, or why nothing would. */
function below(target: string): string {
  const url = parseKubeletUrl(target);
  if (!url) return 'malformed';
  const [verb, ...rest] = url.segments;
  if (verb === 'portForward') {
    const pod = podTarget(rest);
    return pod ? lowerPortForwardPath(pod, url.query) : 'no target';
  }
  const container = containerTarget(rest);
  if (!container) return 'no target';
  if (verb === 'containerLogs') return lowerLogPath(container, url.query);
  return verb === 'exec' || verb === 'attach' ? lowerStreamPath(verb, container, url.query) : 'no verb';
}

const pod = '/api/v1/namespaces/default/pods/web-0';
const nothing = 'stdin=false&stdout=false&stderr=false&tty=false';

describe('requests and where they go below', () => {
  it.each([
    ['/containerLogs/default/web-0/main', `${pod}/log?container=main`],
    [
      '/containerLogs/default/web-0/main?follow=true&previous=true&timestamps=true&sinceSeconds=10&tailLines=2',
      `${pod}/log?container=main&follow=true&previous=true&timestamps=true&sinceSeconds=10&tailLines=2`,
    ],
    [
      '/containerLogs/default/web-0/main?sinceTime=2026-01-02T03%3A04%3A05%2B02%3A00&limitBytes=9&stream=Stdout',
      `${pod}/log?container=main&sinceTime=2026-01-02T03%3A04%3A05%2B02%3A00&limitBytes=9&stream=Stdout`,
    ],
    ['/containerLogs/default/web-0/main?insecureSkipTLSVerifyBackend=true&x=y', `${pod}/log?container=main`],
    ['/containerLogs/default/web-0/main?container=other', `${pod}/log?container=main`],
    [
      '/containerLogs/default/web-0/main?tailLines=1%26container=other',
      `${pod}/log?container=main&tailLines=1%26container%3Dother`,
    ],
    ['/containerLogs/default/a.b.c/main', '/api/v1/namespaces/default/pods/a.b.c/log?container=main'],
    ['/exec/default/web-0/main', `${pod}/exec?container=main&${nothing}`],
    [
      '/exec/default/web-0/main?command=sh&command=-c&command=echo+a%26b&input=1&output=1&error=1&tty=1',
      `${pod}/exec?container=main&stdin=true&stdout=true&stderr=true&tty=true&command=sh&command=-c&command=echo+a%26b`,
    ],
    [
      '/exec/default/web-0/0f1e-2d/main?input=true&output=TRUE&error=0&tty=false&command=input%3D1',
      `${pod}/exec?container=main&stdin=true&stdout=true&stderr=false&tty=false&command=input%3D1`,
    ],
    ['/exec/default/web-0/main?command=a?b', `${pod}/exec?container=main&${nothing}&command=a%3Fb`],
    [
      '/attach/default/web-0/main?input=1&command=sh',
      `${pod}/attach?container=main&stdin=true&stdout=false&stderr=false&tty=false`,
    ],
    ['/portForward/default/web-0', `${pod}/portforward`],
    ['/portForward/default/web-0/0f1e-2d?port=80&port=443', `${pod}/portforward?ports=80&ports=443`],
  ])('%s', (above, expected) => {
    expect(below(above)).toBe(expected);
  });
});

describe('requests that go nowhere', () => {
  it.each([
    ['', 'malformed'],
    ['exec/default/web-0/main', 'malformed'],
    ['https://other/exec/default/web-0/main', 'malformed'],
    ['/exec/default/%zz/main', 'malformed'],
    ['/exec/default/%ff/main', 'malformed'],
    ['//exec/default/web-0/main', 'no verb'],
    ['/exec', 'no target'],
    ['/exec/default/web-0', 'no target'],
    ['/exec/default/web-0/', 'no target'],
    ['/exec/default//main', 'no target'],
    ['/exec//web-0/main', 'no target'],
    ['/exec/default/web-0//main', 'no target'],
    ['/exec/default/web-0/uid/main/more', 'no target'],
    ['/exec/../kube-system/main', 'no target'],
    ['/exec/default/../main', 'no target'],
    ['/exec/default/%2e%2e/main', 'no target'],
    ['/exec/default/web-0%2f..%2fother/main', 'no target'],
    ['/exec/default/web-0%2Fexec%3Fx/main', 'no target'],
    ['/exec/default/web-0/..', 'no target'],
    ['/exec/default/web-0/main%00', 'no target'],
    ['/exec/default/web-0/main%0a', 'no target'],
    ['/exec/default/Web/main', 'no target'],
    ['/exec/de.fault/web-0/main', 'no target'],
    ['/exec/default/-web/main', 'no target'],
    ['/exec/default/web..0/main', 'no target'],
    [`/exec/default/${'a'.repeat(254)}/main`, 'no target'],
    [`/exec/${'a'.repeat(64)}/web-0/main`, 'no target'],
    ['/portForward/default', 'no target'],
    ['/portForward/default/web-0/uid/more', 'no target'],
  ])('%s', (above, expected) => {
    expect(below(above)).toBe(expected);
  });
});

describe('whatever is sent', () => {
  const hostile = fc.oneof(
    fc.string(),
    fc.constantFrom('..', '.', '', '%2f', '%2e%2e', 'web-0', 'default', '?', '#', ';', '\\'),
  );

  it('reaches the named subresource of a pod or nothing', () => {
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 5 }), (parts) => {
        const path = below(`/exec/${parts.join('/')}`);
        if (!path.startsWith('/')) return;
        expect(new URL(path, 'https://lower').pathname).toMatch(
          /^\/api\/v1\/namespaces\/[a-z0-9-]+\/pods\/[a-z0-9.-]+\/exec$/,
        );
      }),
    );
  });

  it('keeps the words of a command', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (words) => {
        const query = new URLSearchParams(words.map((word): [string, string] => ['command', word]));
        const path = below(`/exec/default/web-0/main?${query}`);
        expect(new URL(path, 'https://lower').searchParams.getAll('command')).toEqual(words);
      }),
    );
  });
});
