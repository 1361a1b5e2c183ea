import { BUSYBOX_IMAGE } from '../../../../hack/clusters/images.ts';
import {
  type Case,
  failed,
  firstThen,
  looking,
  looks,
  ready,
  restarted,
  running,
  scratch,
  staying,
  stayScript,
  stays,
  unready,
  waiting,
  whole,
} from '../case.ts';

const { volumes, volumeMounts } = scratch;
const exec = (script: string) => ({ exec: { command: ['sh', '-c', script] } });
const quick = { periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 5 };

const once = { ...quick, periodSeconds: 600 };
const web = 'mkdir -p /tmp/w; echo yes >/tmp/w/well; exec httpd -f -p 8080 -h /tmp/w';

/** A container that runs a script with a volume for its next run. */
const marked = (script: string, fields: object = {}) => running(script, { volumeMounts, ...fields });
const noting = (name: string, fields: object = {}) =>
  marked(`echo ${name} >>/m/order; cat /m/order`, { name, ...fields });

/** Beginnings, ends and what happens between. */
export const lifecycleCases: readonly Case[] = [
  whole(
    'exits',
    () => ({
      restartPolicy: 'Never',
      containers: [
        running('exit 0'),
        running('echo err >&2; exit 3', { name: 'failing' }),
        running('exec 2>/dev/null; sleep 60 & kill -9 $!; wait $!', { name: 'killed' }),
        running('', { name: 'no-program', command: ['/no/such/program'] }),
      ],
    }),
    { until: failed },
  ),
  whole('on-failure', () => ({
    restartPolicy: 'OnFailure',
    volumes,
    containers: [marked(firstThen('echo first; exit 4', 'echo second'))],
  })),
  whole(
    'always',
    () => ({
      restartPolicy: 'Always',
      volumes,
      containers: [marked(firstThen('echo first; exit 0', `echo second; ${stayScript}`))],
    }),
    { until: restarted(1) },
  ),
  whole(
    'restart-rules',
    () => ({
      restartPolicy: 'Never',
      volumes,
      containers: [
        marked(firstThen('exit 42', 'exit 43'), {
          restartPolicy: 'Never',
          restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
        }),
      ],
    }),
    { until: failed },
  ),
  looks(
    'no-image',
    { image: 'example.com/absent:1', imagePullPolicy: 'Never' },
    {},
    {
      until: waiting('ErrImageNeverPull'),
    },
  ),
  whole(
    'messages',
    () => ({
      restartPolicy: 'Never',
      containers: [
        running('printf "said in a file" >/tmp/last-words', { terminationMessagePath: '/tmp/last-words' }),
        running('echo said in the log; exit 1', {
          name: 'failing',
          terminationMessagePolicy: 'FallbackToLogsOnError',
        }),
      ],
    }),
    { until: failed },
  ),
  looks(
    'deadline',
    { command: ['sh', '-c', stayScript] },
    { activeDeadlineSeconds: 4, terminationGracePeriodSeconds: 1 },
    { until: failed },
  ),
  stays(
    'deadline-later',
    {},
    {},
    {
      steps: [{ when: ready, patch: { spec: { activeDeadlineSeconds: 1 } } }],
      until: failed,
    },
  ),
  whole('init-order', () => ({
    restartPolicy: 'Never',
    volumes,
    initContainers: [noting('first'), noting('second')],
    containers: [noting('main')],
  })),
  whole(
    'init-fails',
    () => ({
      restartPolicy: 'Never',
      volumes,
      initContainers: [noting('first'), running('exit 9', { name: 'second' }), noting('third')],
      containers: [noting('main')],
    }),
    { until: failed },
  ),
  whole('init-again', () => ({
    restartPolicy: 'OnFailure',
    volumes,
    initContainers: [marked(firstThen('exit 1', 'echo again'), { name: 'first' })],
    containers: [noting('main')],
  })),
  whole('sidecar', () => ({
    restartPolicy: 'Never',
    volumes,
    initContainers: [
      noting('before'),
      marked(`echo sidecar >>/m/order; touch /m/up; ${stayScript}`, {
        name: 'sidecar',
        restartPolicy: 'Always',
        startupProbe: { ...quick, failureThreshold: 30, ...exec('test -e /m/up') },
      }),
      noting('after'),
    ],
    containers: [noting('main')],
  })),
  whole(
    'sidecar-stays',
    () => ({
      initContainers: [staying({ name: 'sidecar', restartPolicy: 'Always' })],
      containers: [staying()],
    }),
    { until: ready },
  ),
  whole(
    'hooks',
    () => ({
      volumes,
      containers: [
        marked(
          firstThen(
            `until [ -e /m/hooks ]; do sleep 0.1; done
            trap 'echo told >>/m/hooks; exit 0' TERM; while :; do sleep 1 & wait $!; done`,
            `cat /m/hooks; ${web}`,
          ),
          {
            lifecycle: {
              postStart: exec('echo started >>/m/hooks'),
              preStop: exec('echo stopping >>/m/hooks'),
            },
            livenessProbe: { ...quick, initialDelaySeconds: 2, tcpSocket: { port: 8080, host: '' } },
          },
        ),
      ],
    }),
    { until: restarted(1) },
  ),
  looks(
    'hook-fails',
    { lifecycle: { postStart: exec('exit 1') }, command: ['sleep', '10000'] },
    {},
    { until: failed },
  ),
  whole(
    'liveness',
    () => ({
      volumes,
      containers: [
        marked(firstThen('trap "exit 7" TERM; while :; do sleep 1; done', web), {
          livenessProbe: {
            ...quick,
            terminationGracePeriodSeconds: 3,
            httpGet: { path: '/well', port: 8080 },
          },
          startupProbe: { ...quick, failureThreshold: 60, ...exec('true') },
        }),
      ],
    }),
    { until: restarted(1) },
  ),
  stays('probes', {
    command: ['sh', '-c', web],
    lifecycle: { postStart: { sleep: { seconds: 1 } }, preStop: { httpGet: { path: '/well', port: 8080 } } },
    ports: [{ name: 'web', containerPort: 8080 }],
    startupProbe: { ...quick, failureThreshold: 30, tcpSocket: { port: 'web' } },
    livenessProbe: {
      initialDelaySeconds: 1,
      periodSeconds: 60,
      httpGet: { path: '/well', port: 'web', host: '' },
    },
    readinessProbe: {
      periodSeconds: 1,
      successThreshold: 2,
      httpGet: { path: '/well', port: 8080, scheme: 'HTTP', httpHeaders: [{ name: 'X-Who', value: 'me' }] },
    },
  }),
  whole(
    'unready',
    () => ({
      containers: [
        staying({ readinessProbe: { ...once, ...exec('exit 1') } }),
        staying({ name: 'no-grpc', readinessProbe: { ...once, grpc: { port: 9000, service: 'health' } } }),
        staying({ name: 'not-started', startupProbe: { ...once, failureThreshold: 100, ...exec('exit 1') } }),
      ],
    }),
    { until: unready },
  ),
  whole('image-changed', () => ({ containers: [staying({ image: 'busybox:1.36' })] }), {
    steps: [{ when: ready, patch: { spec: { containers: [{ name: 'main', image: BUSYBOX_IMAGE }] } } }],
    until: (pod) => restarted(1)(pod) && pod.status?.observedGeneration === 2,
  }),
  stays(
    'debugged',
    {},
    { volumes },
    {
      steps: [
        {
          when: ready,
          subresource: 'ephemeralcontainers',
          patch: {
            spec: {
              ephemeralContainers: [
                looking({
                  name: 'debugger',
                  targetContainerName: 'main',
                  stdin: true,
                  tty: true,
                  env: [{ name: 'POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } }],
                  securityContext: { capabilities: { add: ['SYS_PTRACE'] } },
                  args: ['unused'],
                  stdinOnce: true,
                  envFrom: [{ configMapRef: { name: 'settings' } }],
                  imagePullPolicy: 'IfNotPresent',
                  terminationMessagePath: '/tmp/words',
                  terminationMessagePolicy: 'FallbackToLogsOnError',
                  volumeMounts,
                  workingDir: '/tmp',
                }),
              ],
            },
          },
        },
      ],
      until: (pod) => pod.status?.ephemeralContainerStatuses?.[0]?.state?.terminated !== undefined,
    },
  ),
];
