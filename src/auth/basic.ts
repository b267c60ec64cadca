import { AccessError, InternalError } from '../errors.js';
import { getManagementTokenOwner, type ManagementTokenParts } from './management-token.js';

const basic = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/**
 * Tells whether the value of an Authorization header is `Basic base64(management id:token)` of a management token that
 * is neither revoked nor expired. It opens the pages and /metrics, never the graph, so the organization's plan
 * is of no account here. Rejects where the database can't be asked.
 */
export function createBasicAuthorization(
  parts: ManagementTokenParts,
): (authorizationHeader: string | null) => Promise<boolean> {
  return async (authorizationHeader) => {
    const [, encoded] = basic.exec(authorizationHeader ?? '') ?? [];
    const decoded = Buffer.from(encoded ?? '', 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    if (colon < 0) {
      return false;
    }
    const [id, token] = [decoded.slice(0, colon), decoded.slice(colon + 1)];
    try {
      await getManagementTokenOwner(parts, id, token);
      return true;
    } catch (error) {
      if (error instanceof AccessError && !(error instanceof InternalError)) {
        return false;
      }
      throw error;
    }
  };
}
