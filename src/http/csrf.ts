import { useCSRFPrevention } from '@graphql-yoga/plugin-csrf-prevention';
import { csrfHeaders } from './cors.js';
import type { HttpPlugin } from './plugin.js';

/**
 * A page of another site can make a browser send a GET here, from inside the network of its user, without our consent;
 * it can't add a header of its own without asking first (a preflight), and CORS says no. So a query by GET needs one of
 * these headers. A POST is JSON (limits.ts), which browsers don't send to another site without asking either.
 */
export function useCsrf(): HttpPlugin {
  return useCSRFPrevention({ requestHeaders: csrfHeaders.map((name) => name.toLowerCase()) });
}
