import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';

/** A key server on this machine, which can be closed and opened again at its address. */
export class KeyServer {
  keys: JWK[] = [];
  /** How often it was asked for anything. */
  asked = 0;
  #server: Server | null = null;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}/keys`;
  }

  async open(): Promise<void> {
    this.#server = createServer((_request, response) => {
      this.asked += 1;
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: this.keys }));
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server) {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    }
  }
}

/** A key pair of an issuer, and the tokens that it signs. */
export interface IssuerKey {
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  sign(claims?: JWTPayload, header?: Partial<JWTHeaderParameters>): Promise<string>;
}

/** The claims of a good token of the demo's administrator; a claim of `undefined` is left out. */
export const claims = (overrides: JWTPayload = {}): JWTPayload => ({
  ...{ iss: 'https://issuer.test', aud: 'divest-test', sub: 'user_ada', org: 'org_demo', roles: ['ORG_ADMIN'] },
  ...{ iat: Math.floor(Date.now() / 1000) - 10, exp: Math.floor(Date.now() / 1000) + 3600 },
  ...overrides,
});

export async function createIssuerKey(kid: string, alg = 'RS256'): Promise<IssuerKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return {
    ...{ privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } },
    sign: (overrides, header) =>
      new SignJWT(claims(overrides)).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
  };
}
