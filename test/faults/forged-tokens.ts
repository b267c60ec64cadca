import { createHmac, createPublicKey, KeyObject, sign as signBytes } from 'node:crypto';
import { CompactEncrypt, CompactSign, exportJWK, exportSPKI } from 'jose';
import { claims, type IssuerKey } from './key-server.js';

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** What a forger has: the issuer's public keys and a good token, keys of its own, and a server to lead the gateway to. */
export interface Forger {
  /** Of the issuer, one with RSA and one with an elliptic curve. */
  readonly rsa: IssuerKey;
  readonly ec: IssuerKey;
  /** Of the forger. */
  readonly own: IssuerKey;
  readonly ownUrl: string;
}

type Make = (forger: Forger) => string | Promise<string>;

const signedByHand = (key: IssuerKey, header: object, payload: unknown, signer: (input: Buffer) => Buffer) => {
  const input = `${encode({ alg: key.jwk.alg, kid: key.jwk.kid, ...header })}.${encode(payload)}`;
  return `${input}.${signer(Buffer.from(input)).toString('base64url')}`;
};

/** A signature of the issuer's own key over whatever is in the token: only what is wrong with that can be found. */
const byIssuer = ({ rsa }: Forger, payload: unknown, header: object = {}) =>
  new CompactSign(Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'RS256', kid: String(rsa.jwk.kid), ...header })
    .sign(rsa.privateKey);

const byRsa =
  ({ privateKey }: IssuerKey) =>
  (input: Buffer) =>
    signBytes('sha256', input, KeyObject.from(privateKey));

const hmac = (secret: string | Buffer) => (input: Buffer) => createHmac('sha256', secret).update(input).digest();

/** HS256 with what everybody knows, in each form in which a library could take it for a secret. */
const confused: readonly [string, (key: IssuerKey) => Promise<string | Buffer>][] = [
  ['as PEM', async ({ publicKey }) => exportSPKI(publicKey)],
  ['as PEM without its last line break', async ({ publicKey }) => (await exportSPKI(publicKey)).trim()],
  ['as PEM with a line break', async ({ publicKey }) => `${(await exportSPKI(publicKey)).trim()}\n`],
  ['as DER', async ({ jwk }) => createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'der' })],
  ['as JWK', async ({ jwk }) => JSON.stringify(jwk)],
  ['by its modulus', async ({ jwk }) => Buffer.from(String(jwk.n), 'base64url')],
];

const lastBitChanged = (token: string) => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1) ?? '') ^ 1];
};

/** Tokens that no gateway may take, each with what is wrong with it. */
export const forgeries: readonly (readonly [string, Make])[] = [
  ...confused.map(
    ([how, secretOf]) =>
      [
        `signed as HS256 with the public key ${how}`,
        async ({ rsa }: Forger) => signedByHand(rsa, { alg: 'HS256' }, claims(), hmac(await secretOf(rsa))),
      ] as const,
  ),
  ['unsigned, with the id of a key', ({ rsa }) => `${encode({ alg: 'none', kid: rsa.jwk.kid })}.${encode(claims())}.`],
  ['unsigned, in odd letters', ({ rsa }) => `${encode({ alg: 'nOnE', kid: rsa.jwk.kid })}.${encode(claims())}.`],
  ['signed by another key under a known id', ({ own, rsa }) => own.sign({}, { kid: String(rsa.jwk.kid) })],
  ['signed by a key that nobody knows', ({ own }) => own.sign()],
  ['without the id of a key, where there are several', ({ own }) => own.sign({}, { kid: undefined as never })],
  ['with its own key in the header', async ({ own }) => own.sign({}, { jwk: own.jwk as never })],
  [
    'with its own key in the header, under a known id',
    async ({ own, rsa }) => own.sign({}, { kid: String(rsa.jwk.kid), jwk: { ...own.jwk, kid: rsa.jwk.kid } as never }),
  ],
  ['that leads to another key set (jku)', ({ own, ownUrl }) => own.sign({}, { jku: ownUrl })],
  [
    'that leads to another key set under a known id',
    ({ own, rsa, ownUrl }) => own.sign({}, { jku: ownUrl, kid: String(rsa.jwk.kid) }),
  ],
  ['that leads to another certificate (x5u)', ({ own, ownUrl }) => own.sign({}, { x5u: ownUrl })],
  ['with a certificate of its own (x5c)', ({ own }) => own.sign({}, { x5c: ['MIIB'], x5t: 'x' })],
  ['whose key id is a path', ({ own }) => own.sign({}, { kid: '../../../../dev/null' })],
  ['whose key id is an address', ({ own, ownUrl }) => own.sign({}, { kid: ownUrl })],
  ['whose key id is SQL', ({ own }) => own.sign({}, { kid: "x' union select 'secret' --" })],
  ['whose key id is __proto__', ({ own }) => own.sign({}, { kid: '__proto__' })],
  ['whose key id is constructor', ({ own }) => own.sign({}, { kid: 'constructor' })],
  ['whose key id is a list', ({ own, rsa }) => own.sign({}, { kid: [rsa.jwk.kid] as never })],
  ['whose key id is null', ({ own }) => own.sign({}, { kid: null as never })],
  [
    'whose header names an algorithm of another kind of key',
    ({ rsa, ec }) => ec.sign({}, { kid: String(rsa.jwk.kid) }),
  ],
  ['whose elliptic signature is all zeros', ({ ec }) => signedByHand(ec, {}, claims(), () => Buffer.alloc(64))],
  [
    'whose elliptic signature is in another encoding',
    ({ ec }) => {
      const key = KeyObject.from(ec.privateKey);
      return signedByHand(ec, {}, claims(), (input) => signBytes('sha256', input, key));
    },
  ],
  ['whose signature is empty', async ({ rsa }) => (await rsa.sign()).replace(/[^.]+$/, '')],
  [
    'whose signature is that of another token',
    async ({ rsa }) => {
      const [good, other] = await Promise.all([rsa.sign(), rsa.sign({ sub: 'user_bo' })]);
      return `${good.slice(0, good.lastIndexOf('.'))}.${other.split('.')[2]}`;
    },
  ],
  ['with the last bits of its signature changed', async ({ ec }) => lastBitChanged(await ec.sign())],
  ['with padding', async ({ rsa }) => `${await rsa.sign()}=`],
  ['with padding in the middle', async ({ rsa }) => (await rsa.sign()).replace('.', '=.')],
  [
    'in base64 of the other alphabet',
    async ({ rsa }) => (await rsa.sign({ x: '>>>???' })).replaceAll('-', '+').replaceAll('_', '/'),
  ],
  ['with something behind it', async ({ rsa }) => `${await rsa.sign()}.`],
  ['with a critical header', ({ rsa }) => signedByHand(rsa, { crit: ['exp'], exp: 1 }, claims(), byRsa(rsa))],
  ['with an empty list of critical headers', ({ rsa }) => signedByHand(rsa, { crit: [] }, claims(), byRsa(rsa))],
  ['whose payload is not encoded', ({ rsa }) => signedByHand(rsa, { crit: ['b64'], b64: false }, claims(), byRsa(rsa))],
  ['whose issuer is another one', ({ rsa }) => rsa.sign({ iss: 'https://issuer.test.evil.test' })],
  ['for another audience', ({ rsa }) => rsa.sign({ aud: 'divest-test2' })],
  ['for an audience of another shape', ({ rsa }) => rsa.sign({ aud: [['divest-test']] as never })],
  ['that expired', ({ rsa }) => rsa.sign({ exp: Math.floor(Date.now() / 1000) - 10 })],
  ['that is not valid yet', ({ rsa }) => rsa.sign({ nbf: Math.floor(Date.now() / 1000) + 60 })],
  ['issued in the future', ({ rsa }) => rsa.sign({ iat: Math.floor(Date.now() / 1000) + 60 })],
  ['whose subject is a list', ({ rsa }) => rsa.sign({ sub: ['user_ada'] as never })],
  ['whose subject is a number', ({ rsa }) => rsa.sign({ sub: 1 as never })],
  ['whose claims are nested deeply', (forger) => byIssuer(forger, `${'{"a":'.repeat(1_500)}1${'}'.repeat(1_500)}`)],
  ['whose claims are a list', (forger) => byIssuer(forger, [claims()])],
  ['that holds another token', async (forger) => byIssuer(forger, await forger.rsa.sign(), { cty: 'JWT' })],
  [
    'encrypted to the issuer’s key',
    async ({ rsa }) =>
      new CompactEncrypt(Buffer.from(await rsa.sign()))
        .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: String(rsa.jwk.kid) })
        .encrypt(
          await crypto.subtle.importKey(
            'jwk',
            { ...(await exportJWK(rsa.publicKey)), ext: true },
            { name: 'RSA-OAEP', hash: 'SHA-256' },
            true,
            ['encrypt'],
          ),
        ),
  ],
  ['of 9 KB', ({ rsa }) => rsa.sign({ padding: 'x'.repeat(9_000) })],
  ['of 30 KB', () => 'x'.repeat(30_000)],
  ['of dots', () => '.'.repeat(7_000)],
];
