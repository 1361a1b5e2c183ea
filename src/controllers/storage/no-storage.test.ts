import { expect, test } from 'vitest';
import type { ControllerContext } from '../../clusters/controller.ts';
import { upperPod } from '../../translate/test-objects.ts';
import { withoutStorage } from './no-storage.ts';

test('only pods with claims wait, and are told why', () => {
  const { refusalOf } = withoutStorage({} as ControllerContext);
  const volumes = [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }];
  expect(refusalOf?.(upperPod({ spec: { volumes } }))).toEqual({
    reason: 'VolumeNotSupported',
    message: expect.stringContaining('--enable-controllers has no PVControllers'),
  });
  expect(refusalOf?.(upperPod({ spec: { volumes: [{ name: 'e', emptyDir: {} }] } }))).toBeUndefined();
});
