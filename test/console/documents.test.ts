import { getNamedType, isObjectType, isUnionType, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { nameOf } from '../../src/console/directory.js';
import { createDocuments, type RemovalField } from '../../src/console/documents.js';
import { explain, explainFailure } from '../../src/console/explanations.js';
import { isSuccess, type OtherAnswer, type Target } from '../../src/console/removal.js';
import { buildSchema } from '../../src/schema/index.js';
import { credentials, openTestGateway } from '../support/gateway.js';

const targets: Record<RemovalField, Target> = {
  unassignUserFromProject: { field: 'unassignUserFromProject', id: 'proj_a', name: 'Summer', role: 'EDITOR' },
  unassignUserFromRole: { field: 'unassignUserFromRole', id: 'role_a', name: 'Operators' },
  removeGlobalRole: { field: 'removeGlobalRole', name: 'ADMIN' },
};
const fields = Object.keys(targets) as RemovalField[];

const toTexts = (prefix: string) => {
  const { viewer, users, accessMap, accessList, accessChanges, removal } = createDocuments(prefix);
  const lists = (['projects', 'roles', 'resources', 'sessions'] as const).map(accessList);
  return [viewer, users, accessMap, ...lists, accessChanges, ...fields.map(removal)];
};

/** The members of a removal's union, but for its success. */
function errorsOf(field: RemovalField): string[] {
  const type = buildSchema({ typePrefix: '' }).getMutationType()?.getFields()[field]?.type;
  const union = type && getNamedType(type);
  const members = isUnionType(union) ? union.getTypes() : [];
  return members.filter((member) => isObjectType(member) && 'code' in member.getFields()).map(({ name }) => name);
}

const answer = (type: string): OtherAnswer => ({
  ...{ __typename: type, code: 'SOME_CODE', message: 'Some message.', httpStatus: 400, retryable: false },
  ...{ traceId: 'abc', issues: [{ path: ['input', 'reason'], message: 'is too long' }], requires: 'A token.' },
  ...{ resourceType: 'PROJECT', resourceId: 'proj_a', retryAfterSeconds: 7, system: 'VOUCHERIFY', feature: null },
});

describe('the documents of the console', () => {
  it.each(['', 'Divest'])('fit the schema (type prefix: "%s")', (typePrefix) => {
    const schema = buildSchema({ typePrefix });
    expect(toTexts(typePrefix).flatMap((text) => validate(schema, parse(text)))).toEqual([]);
  });

  it('are within the limits of documents and pages', async () => {
    const served = await openTestGateway('embedded');
    for (const text of toTexts('')) {
      const { errors } = await served.ask(text, { id: 'user_ada' }, credentials.administratorKey);
      // Those that need an input stop at its absence, after every limit but that of pages.
      expect(errors?.map(({ extensions }) => extensions?.['code']) ?? []).toEqual(
        text.startsWith('mutation') ? ['BAD_USER_INPUT'] : [],
      );
    }
    await served.close();
  });

  it('know a type by its name without the prefix', () => {
    expect(createDocuments('Divest').typeName('DivestLastProjectError')).toBe('LastProjectError');
    expect(createDocuments('').typeName('LastProjectError')).toBe('LastProjectError');
  });
});

it('the console calls people by a name that can be read, else by their login', () => {
  const called = (name: string | null) => nameOf({ id: 'user_x', login: 'x@acme.test', name });
  expect(['Ada', 'דנה', '李', '♥', '-'].map(called)).toEqual(['Ada', 'דנה', '李', '♥', '-']);
  expect([null, '', ' ', '\u200b\u200d', '\u00ad\n'].map(called)).toEqual(Array(5).fill('x@acme.test'));
});

describe('the explanations of the console', () => {
  it('claim no answer of a system that may never have been asked, and no missing entry that is there', () => {
    const texts = ['UpstreamError', 'NotFoundError', 'PaymentRequiredError', 'RateLimitedError'].map((type) => {
      const { title, detail } = explain(answer(type), targets.unassignUserFromProject, 'Vera');
      return `${title}: ${detail}`;
    });
    expect(texts).toEqual([
      'VOUCHERIFY didn’t do it: It refused, or couldn’t be reached (SOME_CODE). Nothing was taken away.',
      'It was not found: Some message.',
      'The plan doesn’t allow this: Some message.',
      'Too many requests: Nothing was done. Some message.',
    ]);
  });

  it.each(fields.flatMap((field) => errorsOf(field).map((type) => [field, type] as const)))(
    'know what %s means by %s',
    (field, type) => {
      const { title, detail, certainty } = explain(answer(type), targets[field], 'Vera');
      expect(title).not.toContain('doesn’t know');
      expect(`${title} ${detail}`).not.toMatch(/undefined|null|\[object/);
      // A conflict may be with the same removal, of which nothing is known yet.
      expect(certainty).toBe(['ConflictError', 'InternalError'].includes(type) ? 'UNKNOWN' : 'UNCHANGED');
    },
  );

  it('are for every member, of which there are many', () => {
    expect(fields.every((field) => errorsOf(field).length >= 10)).toBe(true);
  });

  it('take a member that is not known for a success under no name', () => {
    for (const type of ['QuarantinedSuccess', 'UnassignUserFromProjectSuccess2', 'constructor', 'toString', '']) {
      expect(isSuccess({ __typename: type })).toBe(false);
      expect(explain(answer(type), targets.removeGlobalRole, 'Vera').certainty).toBe('UNKNOWN');
    }
  });

  it('say of an upstream that may have done it, and of an answer that got lost, that nothing is known', () => {
    const outcomeUnknown = { ...answer('UpstreamError'), outcomeUnknown: true };
    expect(explain(outcomeUnknown, targets.removeGlobalRole, 'Vera').certainty).toBe('UNKNOWN');
    expect(explainFailure(new Error('x'), false).certainty).toBe('UNKNOWN');
    expect(explainFailure(new Error('x'), true).certainty).toBe('UNKNOWN');
  });
});
