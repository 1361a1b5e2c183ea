import type { KeyPair } from '../serving/keys.ts';

/** Where the certificate that we serve with comes from. */
export interface CertificateSource {
  /** The certificate of now, as soon as there is one. @throws KubeError when there can be none */
  first(): Promise<KeyPair>;
  /** Tells of the certificate of now, and of each later one. What it throws is logged and leaves the old one. */
  follow(use: (pair: KeyPair) => void): void;
  /** Renews it until the signal aborts; never rejects. */
  run(signal: AbortSignal): Promise<void>;
}
