import { Writable } from 'node:stream';
import { Client } from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadDemo } from '../../src/demo/demo.js';
import { databaseKinds, openTestDatabase, postgresUrl, type TestDatabase } from '../support/databases.js';
import { credentials, type ServedGateway, serveDatabase } from '../support/gateway.js';
import { remove } from '../support/removals.js';

const input = { projectId: 'proj_TrlkLiH4', user: { login: 'vera@demo.test' } };

let database: TestDatabase;
let gateway: ServedGateway;
let lines: string[];

async function open(kind: TestDatabase['kind']) {
  lines = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  database = await openTestDatabase(kind);
  await loadDemo(database);
  gateway = await serveDatabase(database, {}, { log: pino({ level: 'warn' }, stream) });
}

afterEach(async () => {
  await gateway.close();
  await database.close();
});

describe.each(databaseKinds)('a mutation that breaks on %s', (kind) => {
  beforeEach(() => open(kind));

  it('answers InternalError, and tells the cause to the log alone, once', async () => {
    await database.query('alter function unassign_user_from_project rename to unassign_nobody');
    const answer = await remove(gateway, 'unassignUserFromProject', input, credentials.management);
    // The database is used again.
    await database.query('alter function unassign_nobody rename to unassign_user_from_project');
    expect(answer).toMatchObject({ __typename: 'InternalError', code: 'INTERNAL', httpStatus: 500, retryable: false });
    expect(JSON.stringify(answer)).not.toMatch(/unassign_user_from_project\(|select|function|stack/i);
    const told = lines.filter((line) => line.includes('does not exist'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(String(answer['traceId']));
  });
});

describe('a removal that removed nothing', () => {
  beforeEach(() => open('embedded'));

  it('is in the log where it was refused on record, and not where it was only tried', async () => {
    const missing = { ...input, user: { id: 'user_nina' }, onMissing: 'IGNORE' };
    await remove(gateway, 'unassignUserFromProject', { ...input, dryRun: true }, credentials.management);
    expect(lines).toEqual([]);
    await remove(gateway, 'unassignUserFromProject', missing, credentials.management);
    expect(lines).toEqual([expect.stringContaining('"code":"NOT_ASSIGNED"')]);
    const metrics = await (await gateway.gateway.fetch('http://localhost/metrics')).text();
    for (const outcome of ['DRY_RUN', 'NOT_ASSIGNED']) {
      expect(metrics).toContain(`divest_mutations_total{mutation="unassignUserFromProject",outcome="${outcome}"} 1`);
    }
  });
});

describe.runIf(postgresUrl)('a mutation whose row somebody else has locked', () => {
  beforeEach(() => open('postgresql'));

  it('answers UNAVAILABLE within seconds, and has changed nothing', async () => {
    const other = new Client({ connectionString: database.url ?? '' });
    await other.connect();
    await other.query("begin; select from users where login = 'vera@demo.test' for update");
    const answer = await remove(gateway, 'unassignUserFromProject', input, credentials.management);
    await other.query('rollback');
    await other.end();
    expect(answer).toMatchObject({
      __typename: 'InternalError',
      code: 'UNAVAILABLE',
      httpStatus: 503,
      retryable: true,
    });
    expect(await gateway.rows('select 1 from revocations')).toEqual([]);
    expect(await remove(gateway, 'unassignUserFromProject', input, credentials.management)).toMatchObject({
      applied: true,
    });
  });

  it('is told of in the same way to a query, whose answer has no union', async () => {
    const other = new Client({ connectionString: database.url ?? '' });
    await other.connect();
    await other.query('begin; lock table users in access exclusive mode');
    const { data, errors } = await gateway.ask('{ users { totalCount } }', {}, credentials.management);
    await other.query('rollback');
    await other.end();
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE', httpStatus: 503 } }]);
    expect(lines.filter((line) => line.includes('"level":50'))).toHaveLength(1);
  });
});
