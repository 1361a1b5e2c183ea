import { expect, it } from 'vitest';
import { mountsBelow } from './mounts.ts';
import { missingPackages } from './packages.ts';

const mountinfo = `21 1 0:20 / /proc rw - proc proc rw
30 1 8:1 / /state/a rw - ext4 /dev/vda rw
31 30 0:30 / /state/a/kubelet/pods/1/volumes/token rw - tmpfs tmpfs rw
32 30 0:31 / /state/a/with\\040space rw - tmpfs tmpfs rw
33 1 0:32 / /state/another rw - tmpfs tmpfs rw
`;

it("mountsBelow lists the inner before the outer, and nobody else's", () => {
  const expected = ['/state/a/with space', '/state/a/kubelet/pods/1/volumes/token', '/state/a'];
  expect(mountsBelow('/state/a', mountinfo)).toEqual(expected);
  expect(mountsBelow('/state/b', mountinfo)).toEqual([]);
});

it('missingPackages takes a program wherever a distribution puts it', () => {
  const there = new Set([
    '/bin/containerd',
    '/usr/bin/runc',
    '/opt/cni/bin/bridge',
    '/sbin/iptables',
    '/sbin/ip',
  ]);
  expect(missingPackages((path) => there.has(path))).toEqual(['busybox-static']);
});
