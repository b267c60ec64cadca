import type { HttpPlugin } from './plugin.js';

// What depends on these request headers: the media type, the compression of the GraphiQL page, the CORS headers.
const variesBy = 'Accept, Accept-Encoding, Origin';

const always = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  Vary: variesBy,
} as const;

/** Answers are data, not pages: nothing in them may run, load or be framed, even where a browser opens one. */
const dataPolicy = "default-src 'none'; frame-ancestors 'none'";

const unlessSet = { 'Cache-Control': 'no-store', 'Content-Security-Policy': dataPolicy } as const;

/** Those of an answer that is data. */
export const dataHeaders = { ...always, ...unlessSet };

/**
 * Headers of every response. Answers hold who has access to what, so no cache keeps them (`no-store`), no browser
 * takes them for something else (`nosniff`), and no address of ours leaves in a Referer: a GraphiQL address holds the
 * query. A page that needs more than data sets its own Content-Security-Policy first, and one that holds nothing of
 * anybody its own Cache-Control.
 */
export function useResponseHeaders(): HttpPlugin {
  return {
    onResponse({ response }) {
      for (const [name, value] of Object.entries(always)) {
        response.headers.set(name, value);
      }
      for (const [name, value] of Object.entries(unlessSet)) {
        if (!response.headers.has(name)) {
          response.headers.set(name, value);
        }
      }
    },
  };
}
