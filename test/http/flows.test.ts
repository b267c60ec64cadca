import { describe, expect, it } from 'vitest';
import type { Authentication } from '../../src/auth/authenticate.js';
import { createFlows } from '../../src/http/flows.js';

const carrier = (...headers: [string, string][]) => ({ headers, apiKeysInQuery: [] });

describe('the flow of a request', () => {
  it('is that of its organization once its credential was let in, and of strangers before', async () => {
    const flows = createFlows();
    const known = carrier(['x-api-key', 'one']);
    const authenticate = flows.learnFrom(async ({ headers }) =>
      headers[0]?.[1] === 'one'
        ? ({ principal: { organization: { id: 'org_one' } }, error: null } as Authentication)
        : { principal: null, error: null },
    );
    expect([flows.find(carrier()), flows.find(known)]).toEqual(['', '?']);
    await authenticate(known);
    await authenticate(carrier(['x-api-key', 'bad']));
    expect([flows.find(known), flows.find(carrier(['x-api-key', 'bad'])), flows.find(carrier())]).toEqual([
      'org_one',
      '?',
      '',
    ]);
  });

  it('is no other’s for an id that is no secret', async () => {
    const flows = createFlows();
    const authenticate = flows.learnFrom(
      async () => ({ principal: { organization: { id: 'org_one' } }, error: null }) as Authentication,
    );
    const id: [string, string] = ['x-management-id', 'mgmt_one'];
    await authenticate(carrier(id, ['x-management-token', 'right']));
    expect(flows.find(carrier(id, ['x-management-token', 'wrong']))).toBe('?');
    expect(flows.find(carrier(['x-management-token', 'right'], id))).toBe('org_one');
  });
});
