import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAuthority, createTokenKeys } from './certificates.ts';
import { readKubeconfig, writeKubeconfig } from './kubeconfig.ts';

describe('createAuthority', () => {
  it('issues certificates that it signed, for the names asked for, with the key that belongs to them', async () => {
    const authority = await createAuthority('test-ca');
    const issued = await authority.issue({
      commonName: 'system:node:a',
      organizations: ['system:nodes'],
      names: ['localhost'],
      addresses: ['10.200.0.11'],
    });
    const [root, certificate] = [
      new X509Certificate(authority.certificate),
      new X509Certificate(issued.certificate),
    ];
    expect(root.ca).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.verify(root.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(issued.key))).toBe(true);
    expect(certificate.subject.split('\n')).toEqual(['O=system:nodes', 'CN=system:node:a']);
    expect(certificate.checkIP('10.200.0.11')).toBe('10.200.0.11');
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now());
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now());
  });

  it('is not any other authority of the same name', async () => {
    const [one, other] = await Promise.all([createAuthority('same'), createAuthority('same')]);
    const { certificate } = await one.issue({ commonName: 'x' });
    expect(new X509Certificate(certificate).verify(new X509Certificate(other.certificate).publicKey)).toBe(
      false,
    );
  });
});

describe('createTokenKeys', () => {
  it('gives two halves of one key', async () => {
    const { publicKey, key } = await createTokenKeys();
    expect(createPublicKey(createPrivateKey(key)).equals(createPublicKey(publicKey))).toBe(true);
  });
});

describe('a kubeconfig', () => {
  it('is read as it was written, and by its owner only', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
    try {
      const authority = await createAuthority('test-ca');
      const client = await authority.issue({ commonName: 'admin' });
      const access = {
        cluster: 'a',
        server: 'https://10.200.0.11:6443',
        authority: authority.certificate,
        client,
      };
      const file = join(folder, 'a.kubeconfig');
      writeKubeconfig(file, access);
      expect(readKubeconfig(file)).toEqual(access);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
