import { describe, expect, it } from 'vitest';
import type { UpstreamOutcome } from '../../src/upstreams/connector.js';
import { type Attempt, toSettlement } from '../../src/upstreams/settlement.js';
import { type Answer, readAnswer } from '../../src/upstreams/status-table.js';
import { systems } from '../../src/upstreams/systems.js';

const answers = {
  VOUCHERIFY: (status: number, body: object = {}): Answer => ({ status, body, retryAfter: null }),
  ENTRYGUARD: (status: number, message = 'Something'): Answer => ({ status, body: { message }, retryAfter: null }),
  COGNIGY: (status: number, body: object = { traceId: 'api--1' }): Answer => ({ status, body, retryAfter: null }),
};
type SystemName = keyof typeof answers;

/** What an answer to a removal means, as the system's table has it. */
function read(system: SystemName, answer: Answer): UpstreamOutcome {
  const found = systems.find(({ name }) => name === system);
  return readAnswer(found?.remove.answers ?? [], answer, null);
}
const unsent: UpstreamOutcome = {
  ...{ kind: 'REFUSED', code: 'UPSTREAM_UNAVAILABLE', status: null, resourceType: null, isVerdict: false },
  ...{ retryAfterSeconds: null, upstreamTraceId: null },
};
const lost: UpstreamOutcome = { kind: 'UNKNOWN', code: 'UPSTREAM_TIMEOUT', upstreamTraceId: null };

/** `DONE`, `REFUSED CODE`, with ` put back` where the directory gets it back, or `PENDING`. */
function settle(outcome: UpstreamOutcome, attempt: Partial<Attempt>): string {
  const known = { number: 1, isInDoubt: false, held: true, projectRole: null, isAwaited: true, ...attempt };
  const settlement = toSettlement(outcome, known);
  const words = [settlement.outcome === 'UNKNOWN' ? 'PENDING' : settlement.outcome, settlement.code];
  return [...words, settlement.putBack ? 'put back' : null].filter(Boolean).join(' ');
}

describe('an answer after an attempt of which nobody knows', () => {
  // Was it carried out before? Where the answer doesn't tell, the access stays away, and the question open.
  const v = answers.VOUCHERIFY;
  const e = answers.ENTRYGUARD;
  const c = answers.COGNIGY;
  const rows: readonly [SystemName, what: string, Answer, becomes: string, because: string][] = [
    ['VOUCHERIFY', '204', v(204), 'DONE', 'it is done now'],
    ['VOUCHERIFY', 'not assigned', v(400, { key: 'user_not_assigned' }), 'DONE', 'the attempt before did it'],
    ['ENTRYGUARD', 'not assigned', e(404, 'User not assigned to this role'), 'DONE', 'the attempt before did it'],
    ['COGNIGY', '204', c(204), 'DONE', 'its answer to a role that is not held, too'],
    [
      ...([
        'VOUCHERIFY',
        '400 with another key',
        v(400, { key: 'only_project' }),
        'REFUSED UPSTREAM_REJECTED put back',
      ] as const),
      'had it been done, it would say that the user is not assigned',
    ],
    ['VOUCHERIFY', '400 without a key', v(400), 'PENDING', 'it may be "not assigned", or the page of a proxy'],
    ['ENTRYGUARD', '400', e(400), 'PENDING', 'its document has none: anybody may have answered it'],
    ['COGNIGY', '400', c(400), 'PENDING', 'it may be its answer to a role that the user does not hold'],
    ['VOUCHERIFY', 'no user', v(404, { resource_type: 'user' }), 'REFUSED NOT_FOUND', 'nobody holds anything there'],
    ['VOUCHERIFY', 'no project', v(404, { resource_type: 'project' }), 'REFUSED NOT_FOUND', 'nobody is in it'],
    ['ENTRYGUARD', 'no role', e(404, 'Role not found with id: x'), 'REFUSED NOT_FOUND', 'nobody has it'],
    ['COGNIGY', 'no user', c(404), 'REFUSED NOT_FOUND', 'nobody holds anything there'],
    ['VOUCHERIFY', '404 of what it does not say', v(404), 'PENDING', 'a path or a proxy, which knows no users'],
    ['ENTRYGUARD', '404 of what it does not say', e(404, 'Gone'), 'PENDING', '"not assigned" in words of tomorrow'],
    ['COGNIGY', '404 of a proxy', c(404, {}), 'PENDING', 'whoever answers has no trace id, so it is not Cognigy'],
    ['COGNIGY', '405', c(405), 'REFUSED UPSTREAM_REJECTED put back', 'it never took such a request'],
    ['COGNIGY', '413', c(413), 'REFUSED UPSTREAM_REJECTED put back', 'it never took such a request'],
    ['COGNIGY', '405 of a proxy', c(405, {}), 'PENDING', 'the proxy may be newer than the attempt before'],
    ['ENTRYGUARD', '401', e(401), 'PENDING', 'the credential ran out since'],
    ['VOUCHERIFY', '402', v(402), 'PENDING', 'the plan has changed since'],
    ['ENTRYGUARD', '403', e(403), 'PENDING', 'the authority was lost since'],
    ['COGNIGY', '409', c(409), 'PENDING', 'the conflict may be with what the attempt before did'],
    ['ENTRYGUARD', '429', e(429), 'PENDING', 'this attempt was not looked at'],
    ['COGNIGY', '501', c(501), 'PENDING', 'of a part that is switched off, or of a proxy'],
    ['ENTRYGUARD', '503', e(503), 'PENDING', 'this attempt was not looked at'],
    ['ENTRYGUARD', '500', e(500), 'PENDING', 'not known either'],
  ];

  it.each(rows)('of %s: %s', (system, _what, answer, becomes, because) => {
    for (const held of [true, false]) {
      const attempt = { number: 2, isInDoubt: true, held, isAwaited: false };
      expect([settle(read(system, answer), attempt), because]).toEqual([becomes, because]);
    }
  });

  it.each([
    ['no connection', unsent],
    ['no answer', lost],
  ])('that did not come: %s, is PENDING', (_what, outcome) => {
    expect(settle(outcome, { number: 2, isInDoubt: true, isAwaited: false })).toBe('PENDING');
  });
});

describe('an answer that a caller waits for, at the first attempt', () => {
  it.each<[string, UpstreamOutcome, boolean, string]>([
    ['done', read('VOUCHERIFY', answers.VOUCHERIFY(204)), true, 'DONE'],
    ['already gone', read('ENTRYGUARD', answers.ENTRYGUARD(404, 'User not assigned to this role')), true, 'DONE'],
    [
      ...(['already gone', read('ENTRYGUARD', answers.ENTRYGUARD(404, 'User not assigned to this role'))] as const),
      ...([false, 'REFUSED NOT_ASSIGNED'] as const),
    ],
    ['429', read('ENTRYGUARD', answers.ENTRYGUARD(429)), true, 'REFUSED RATE_LIMITED put back'],
    ['503', read('ENTRYGUARD', answers.ENTRYGUARD(503)), true, 'REFUSED UPSTREAM_UNAVAILABLE put back'],
    ['no connection', unsent, true, 'REFUSED UPSTREAM_UNAVAILABLE put back'],
    ['404 of the user', read('COGNIGY', answers.COGNIGY(404)), true, 'REFUSED NOT_FOUND'],
    ['404 of a path', read('COGNIGY', answers.COGNIGY(404, {})), true, 'REFUSED NOT_FOUND put back'],
    ['no answer', lost, true, 'PENDING'],
  ])('%s', (_what, outcome, held, becomes) => {
    expect(settle(outcome, { held })).toBe(becomes);
  });
});

describe('an answer that nobody waits for', () => {
  const [limited, away] = [read('ENTRYGUARD', answers.ENTRYGUARD(429)), unsent];
  const conflict = read('COGNIGY', answers.COGNIGY(409));

  it('is asked for again where that can help, and is known to be undone', () => {
    for (const outcome of [limited, away]) {
      const settlement = toSettlement(outcome, {
        number: 3,
        isInDoubt: false,
        held: true,
        projectRole: null,
        isAwaited: false,
      });
      expect(settlement).toMatchObject({ outcome: 'UNKNOWN', undone: true });
    }
  });

  it('ends the matter otherwise, also after attempts that were certainly not carried out', () => {
    expect(settle(conflict, { number: 3, isAwaited: false })).toBe('REFUSED CONFLICT put back');
  });

  it('is asked for later and later, within five minutes, and not before the system wants it', () => {
    const delays = [1, 2, 3, 9, 10, 40].map(
      (number) =>
        toSettlement(lost, { number, isInDoubt: true, held: true, projectRole: null, isAwaited: false }).retrySeconds,
    );
    const most = [1, 2, 4, 256, 300, 300];
    for (const [at, delay] of delays.entries()) {
      expect(delay).toBeGreaterThanOrEqual((most[at] ?? 0) / 2);
      expect(delay).toBeLessThanOrEqual(most[at] ?? 0);
    }
    const waits = read('ENTRYGUARD', { ...answers.ENTRYGUARD(429), retryAfter: '77' });
    expect(
      toSettlement(waits, { number: 1, isInDoubt: false, held: true, projectRole: null, isAwaited: false })
        .retrySeconds,
    ).toBe(77);
  });
});

it('what was there already is followed, but for a role in a project that nobody has told', () => {
  const there: UpstreamOutcome = { kind: 'ALREADY_THERE', upstreamTraceId: null };
  expect(settle(there, { held: false })).toBe('DONE');
  expect(settle(there, { held: false, projectRole: 'EDITOR' })).toBe('REFUSED CONFLICT');
  // An earlier attempt may have given it, with this role.
  expect(settle(there, { held: false, projectRole: 'EDITOR', number: 2, isInDoubt: true })).toBe('DONE');
});
