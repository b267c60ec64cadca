import { generate } from 'selfsigned';

/** A certificate of 127.0.0.1 that nobody has signed but itself, and its key; trusted by whoever is told to. */
export async function createCertificate(options: { expired?: boolean; host?: string } = {}) {
  const { expired = false, host = '127.0.0.1' } = options;
  const day = 86_400_000;
  const start = Date.now() - 2 * day;
  const { private: key, cert } = await generate([{ name: 'commonName', value: host }], {
    keyType: 'ec',
    notBeforeDate: new Date(start),
    notAfterDate: new Date(expired ? start + day : start + 10 * day),
    extensions: [
      { name: 'subjectAltName', altNames: [host === '127.0.0.1' ? { type: 7, ip: host } : { type: 2, value: host }] },
    ],
  });
  return { key, cert };
}
