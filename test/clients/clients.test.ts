import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Settings } from '../../examples/clients/command-line.js';
import { credentials } from '../support/gateway.js';
import { type ServedDemo, serveDemo } from './served-demo.js';
import { examples } from './unassign.js';

const projectId = 'proj_TrlkLiH4';
const vera = 'user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl';
const max = 'user_v18mvPOjOXE5733eO4cAz8k1pn492wKK';
const wrong = { ...credentials.management, 'X-Management-Token': 'not-the-token-of-this-id' };

describe('the example of a client', () => {
  let demo: ServedDemo;

  beforeAll(async () => {
    demo = await serveDemo();
  });
  afterEach(() => demo.reset());
  afterAll(() => demo.close());

  const isMember = async (user: string) =>
    (await demo.rows('select 1 from project_members where project_id = $1 and user_id = $2', projectId, user)).length;

  describe.each(examples)('with %s', (_name, unassign) => {
    const settings = (headers: Settings['headers'] = credentials.management) => ({ url: demo.url, headers });

    it.each([{ id: vera }, { login: 'vera@demo.test' }])('takes Vera out of the project by %o', async (user) => {
      expect(await unassign(settings(), { projectId, user })).toMatchObject({ state: 'done' });
      expect(await isMember(vera)).toBe(0);
    });

    it.each([
      ['the only project', credentials.management, { projectId, user: { id: max } }, /only project|LAST_PROJECT/],
      ['no assignment', credentials.management, { projectId, user: { id: 'user_nina' } }, /not assigned/],
      ['a malformed id', credentials.management, { projectId: 'summer', user: { id: max } }, /proj_|INVALID_INPUT/],
      ['nobody', credentials.management, { projectId, user: { login: 'nobody@demo.test' } }, /Cannot find user/],
      ['a wrong token', wrong, { projectId, user: { id: max } }, /credential/],
      [
        'a plan without the feature',
        credentials.basicManagement,
        { projectId: 'proj_basic', user: { login: 'bo@basic.test' } },
        /plan/,
      ],
    ])('tells of %s, and changes nothing', async (_what, headers, removal, message) => {
      const members = await demo.rows('select * from project_members order by project_id, user_id');
      const outcome = await unassign(settings(headers), removal);
      expect(outcome).toMatchObject({ state: 'refused', message: expect.stringMatching(message) });
      expect(await demo.rows('select * from project_members order by project_id, user_id')).toEqual(members);
    });
  });

  // The script has no such options.
  it.each(
    examples
      .filter(([name]) => name !== 'curl')
      .flatMap(([name, unassign]) => [
        [name, 'a dry run', unassign, { projectId, user: { id: vera }, dryRun: true }] as const,
        [name, 'nothing', unassign, { projectId, user: { id: 'user_nina' }, onMissing: 'IGNORE' }] as const,
      ]),
  )('with %s never takes %s for done', async (_name, _what, unassign, removal) => {
    const settings = { url: demo.url, headers: credentials.management };
    expect(await unassign(settings, removal)).toMatchObject({ state: 'unchanged' });
    expect(await isMember(vera)).toBe(1);
  });
});
