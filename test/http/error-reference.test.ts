import { join } from 'node:path';
import { isInterfaceType, isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../src/errors.js';
import { printErrorReference } from '../../src/http/error-reference.js';
import { rejectionCodes } from '../../src/http/rejections.js';
import { buildSchema } from '../../src/schema/index.js';
import { createSmallGateway, send } from './small-gateway.js';

const file = join(import.meta.dirname, '../../docs/errors.md');
const schema = buildSchema({ typePrefix: '' });
const reference = printErrorReference(schema);

describe('the error reference', () => {
  // After a change: npx vitest run test/http/error-reference.test.ts --update
  it('is docs/errors.md', () => expect(reference).toMatchFileSnapshot(file));

  it('has every code, with its status', () => {
    for (const [code, { httpStatus }] of Object.entries(errorCodes)) {
      expect(reference).toMatch(new RegExp(`^\\| \`${code}\` +\\| \`\\w+Error\` +\\| ${httpStatus}\\b`, 'm'));
    }
    for (const [code, status] of Object.entries(rejectionCodes)) {
      expect(reference).toMatch(new RegExp(`^\\| \`${code}\` +\\| ${status} +\\| \\S`, 'm'));
    }
  });

  it.each(['', 'Divest'])(
    'has every error type, and no code of a type that is none (type prefix: "%s")',
    (typePrefix) => {
      const prefixed = buildSchema({ typePrefix });
      const text = printErrorReference(prefixed);
      const shared = prefixed.getType(`${typePrefix}AccessError`);
      const types = isInterfaceType(shared) ? prefixed.getPossibleTypes(shared) : [];
      expect(types.length).toBeGreaterThan(10);
      for (const { name, description } of types) {
        expect(text).toContain(`### ${name}\n\n${description}\n\n`);
      }
      const named = [...text.matchAll(/^\| `\w+` +\| `(\w+)` /gm)].map(([, name = '']) => name);
      expect(named).toHaveLength(Object.keys(errorCodes).length);
      expect(named.filter((name) => !isObjectType(prefixed.getType(name)))).toEqual([]);
    },
  );

  it('says which mutations answer what, and what else the type tells', () => {
    const [, section = ''] = /### LastProjectError\n(.*?)\n###/s.exec(reference) ?? [];
    expect(section).toContain('- `project: Project`: The project that the user keeps.');
    expect(section).toMatch(/Answered by .*`unassignUserFromProject`/);
    expect(section).not.toContain('`removeGlobalRole`');
  });

  it('is served beside GraphiQL, under the same guard', async () => {
    const at = '/errors';
    const shown = await send(createSmallGateway(), {}, at);
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(shown.body).toMatch(/^# Errors\n/);
    const basic = createSmallGateway({ config: { graphiql: 'basic' } });
    expect((await send(basic, {}, at)).status).toBe(401);
    expect((await send(basic, { headers: { authorization: 'Basic good' } }, at)).status).toBe(200);
    expect((await send(createSmallGateway({ config: { graphiql: 'off' } }), {}, at)).status).toBe(404);
  });
});
