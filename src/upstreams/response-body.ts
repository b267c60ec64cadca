import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** More than this is not read of any answer. */
const largestBody = 1024 * 1024;

/**
 * The JSON of a response; undefined where there is none: no body, another content type, larger than 1 MB, cut off, or
 * not JSON, as everything compressed: we don't ask for it, and nothing is unpacked, as it could be of any size. Never
 * rejects.
 */
export async function readJson(response: IncomingMessage): Promise<unknown> {
  if (response.statusCode === 204 || response.headers['content-length'] === '0') {
    // Read to its end, so that the connection can be used again.
    response.on('error', () => {}).resume();
    return undefined;
  }
  try {
    return isReadable(response.headers) ? JSON.parse(await readText(response)) : undefined;
  } catch {
    return undefined;
  } finally {
    response.destroy();
  }
}

const jsonType = /^application\/(?:[\w.-]+\+)?json(?:\s*;.*)?$/i;

const isReadable = (headers: IncomingHttpHeaders) => jsonType.test(headers['content-type'] ?? '');

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) {
      throw new RangeError('The response is too large.');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
