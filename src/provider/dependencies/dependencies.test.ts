import { beforeEach, describe, expect, test } from 'vitest';
import { Cache } from '../../kube/cache.ts';
import type { Client } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import type { ConfigMap, KubeObject, Secret } from '../../kube/types.ts';
import { withoutContent } from '../../translate/dependency.ts';
import type { Owner } from '../../translate/marks.ts';
import { virtualNodeAnnotation } from '../../translate/names.ts';
import { owner } from '../../translate/test-objects.ts';
import type { LowerNamespaces } from '../pods/namespaces.ts';
import { Dependencies } from './dependencies.ts';

const key = 'ConfigMap/shop/settings';
const reference = { kind: 'ConfigMap', name: 'settings', optional: false } as const;

/** One ConfigMap above, and its copy in a lower cluster that two virtual nodes share. */
class Scene {
  copy: ConfigMap | undefined;
  writes: string[] = [];
  /** So many deletions get a conflict though nothing has changed, as from an admission webhook. */
  refusals = 0;
  #version = 10;
  readonly #nodes: Node[] = [];

  node(name: string): Node {
    const node = new Node({ ...owner, virtualNode: name }, this.#lower());
    this.#nodes.push(node);
    return node;
  }

  /** What the watch brings, to all or to one that is not behind. */
  deliver(nodes = this.#nodes): void {
    for (const { copies } of nodes) {
      if (this.copy) copies.apply(structuredClone(this.copy));
      else copies.replace([], `${this.#version}`);
    }
  }

  #lower(): Client {
    const put = (object: ConfigMap, uid: string) => {
      this.#version += 1;
      const metadata = { ...object.metadata, uid, resourceVersion: `${this.#version}` };
      this.copy = structuredClone({ ...object, metadata });
      this.writes.push(`${object.metadata?.annotations?.[virtualNodeAnnotation]}`);
      return structuredClone(this.copy);
    };
    const isAsExpected = (expected: { uid?: string; resourceVersion?: string }) =>
      (expected.uid ?? this.copy?.metadata?.uid) === this.copy?.metadata?.uid &&
      (expected.resourceVersion ?? this.copy?.metadata?.resourceVersion) ===
        this.copy?.metadata?.resourceVersion;
    const refuse = (code: 'Conflict' | 'AlreadyExists') => {
      throw new KubeError(code, 'refused');
    };
    return {
      create: async (_: unknown, object: ConfigMap) =>
        this.copy ? refuse('AlreadyExists') : put(object, `copy-${this.#version}`),
      replace: async (_: unknown, object: ConfigMap) =>
        isAsExpected(object.metadata ?? {})
          ? put(object, this.copy?.metadata?.uid ?? '')
          : refuse('Conflict'),
      get: async () => structuredClone(this.copy),
      delete: async (_: unknown, __: unknown, expected: { uid: string; resourceVersion?: string }) => {
        if (this.refusals > 0) {
          this.refusals -= 1;
          refuse('Conflict');
        }
        if (!isAsExpected(expected)) refuse('Conflict');
        this.writes.push('deleted');
        this.copy = undefined;
      },
    } as unknown as Client;
  }
}

/** What one virtual node sees and does. */
class Node {
  readonly copies = new Cache<ConfigMap | Secret, 'pod'>({ pod: () => [] }, withoutContent);
  readonly dependencies: Dependencies;
  /** Whether pods below name it: of any virtual node, and of this one. */
  isUsedBelow = false;
  isUsedHere = false;

  constructor(own: Owner, lower: Client) {
    const above = { metadata: { namespace: 'shop', name: 'settings', uid: 'above', resourceVersion: '5' } };
    const upper = new Cache<KubeObject>({});
    upper.apply(structuredClone(above));
    const caches = { upper, copies: this.copies };
    this.dependencies = new Dependencies({
      upper: { get: async () => structuredClone({ ...above, data: { a: 'b' } }) } as unknown as Client,
      lower,
      owner: own,
      namespaces: { ensure: async () => {}, forget: () => {} } as unknown as LowerNamespaces,
      caches: { ConfigMap: caches, Secret: caches },
      isUsedBelow: () => this.isUsedBelow,
      isUsedHere: () => this.isUsedHere,
    });
  }
}

let scene: Scene;
let a: Node;
let b: Node;
beforeEach(async () => {
  scene = new Scene();
  [a, b] = [scene.node('vk-a'), scene.node('vk-b')];
  await a.dependencies.prepare('shop/of-a', [reference]);
  a.dependencies.release('shop/of-a');
  a.isUsedBelow = true;
  a.isUsedHere = true;
  b.isUsedBelow = true;
  scene.deliver();
});

describe('a copy that another virtual node has made', () => {
  test('stays for a pod on its way down when the last pod of the other goes', async () => {
    await b.dependencies.prepare('shop/of-b', [reference]);
    // Node a has not seen it yet.
    a.isUsedBelow = false;
    await a.dependencies.reconcile(key);
    expect(scene.copy?.metadata?.annotations?.[virtualNodeAnnotation]).toBe('vk-b');
    scene.deliver();
    await a.dependencies.reconcile(key);
    expect(scene.writes).toEqual(['vk-a', 'vk-b']);
  });

  test('is made anew when the other was faster', async () => {
    a.isUsedBelow = false;
    await a.dependencies.reconcile(key);
    await expect(b.dependencies.prepare('shop/of-b', [reference])).rejects.toThrow('refused');
    scene.deliver();
    await b.dependencies.prepare('shop/of-b', [reference]);
    expect(scene.writes).toEqual(['vk-a', 'deleted', 'vk-b']);
  });

  test('is not fought for by two that both use it', async () => {
    for (let round = 0; round < 10; round++) {
      for (const [node, pod] of [
        [b, `shop/b-${round}`],
        [a, `shop/a-${round}`],
      ] as const) {
        await node.dependencies.prepare(pod, [reference]);
        scene.deliver();
        // Both look at it again while both hold it.
        await Promise.all([a.dependencies.reconcile(key), b.dependencies.reconcile(key)]);
        node.isUsedHere = true;
      }
      a.dependencies.release(`shop/a-${round}`);
      b.dependencies.release(`shop/b-${round}`);
    }
    expect(scene.writes).toEqual(['vk-a', 'vk-b']);
  });

  test('goes with the last pod of the one that has it now', async () => {
    await b.dependencies.prepare('shop/of-b', [reference]);
    scene.deliver();
    a.isUsedBelow = false;
    await a.dependencies.reconcile(key);
    b.dependencies.release('shop/of-b');
    b.isUsedBelow = false;
    await b.dependencies.reconcile(key);
    expect(scene.writes).toEqual(['vk-a', 'vk-b', 'deleted']);
  });
});

describe('a copy that nobody uses, of which the API server says for no reason that it has changed', () => {
  test('is deleted again', async () => {
    a.isUsedBelow = false;
    scene.refusals = 1;
    await expect(a.dependencies.reconcile(key)).rejects.toThrow('refused');
    await a.dependencies.reconcile(key);
    expect(scene.writes).toEqual(['vk-a', 'deleted']);
  });

  test('is kept for nobody when the pod that had needed it is let go meanwhile', async () => {
    await a.dependencies.prepare('shop/of-a', [reference]);
    a.isUsedBelow = false;
    scene.refusals = 1;
    const trying = a.dependencies.prepare('shop/of-a', []);
    a.dependencies.release('shop/of-a');
    await expect(trying).rejects.toThrow('refused');
    await a.dependencies.reconcile(key);
    expect(scene.writes).toEqual(['vk-a', 'deleted']);
  });

  test('is deleted with the next try of the pod that had needed it', async () => {
    await a.dependencies.prepare('shop/of-a', [reference]);
    a.isUsedBelow = false;
    scene.refusals = 1;
    await expect(a.dependencies.prepare('shop/of-a', [])).rejects.toThrow('refused');
    await a.dependencies.prepare('shop/of-a', []);
    expect(scene.writes).toEqual(['vk-a', 'deleted']);
  });
});

describe('what was brought down for a pod', () => {
  test('is free when the last pod lets it go for which it is kept, and goes then', async () => {
    const [one, two] = [scene.node('vk-c'), 'shop/two'];
    scene.deliver();
    await one.dependencies.prepare('shop/one', [reference]);
    await one.dependencies.prepare(two, [reference]);
    expect(one.dependencies.release('shop/one')).toEqual([]);
    expect(one.dependencies.release(two)).toEqual(['ConfigMap/shop/settings']);
    expect(one.dependencies.release(two)).toEqual([]);
  });

  test('goes when another pod has its name, and needs other things', async () => {
    const other = scene.node('vk-c');
    scene.deliver();
    await other.dependencies.prepare('shop/one', [reference]);
    scene.deliver();
    expect(scene.copy).toBeDefined();
    await other.dependencies.prepare('shop/one', []);
    expect(scene.copy).toBeUndefined();
  });
});
