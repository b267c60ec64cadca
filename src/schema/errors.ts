import * as errors from '../errors.js';
import { shareable } from '../federation/subgraph.js';
import { builder } from './builder.js';

const codes = Object.keys(errors.errorCodes)
  .map((code) => `\`${code}\``)
  .join(', ');

/** Everything that can go wrong, whatever the mutation. */
const AccessError = builder.interfaceRef<errors.AccessError>('AccessError').implement({
  description: 'Everything that can go wrong, whatever the mutation: spread this one and no case is missed.',
  extensions: shareable,
  fields: (t) => ({
    code: t.exposeString('code', {
      description:
        `One of the documented codes: ${codes}. A string, so that a gateway with an older copy of this schema never ` +
        'loses an answer to a new one.',
    }),
    message: t.exposeString('message', { description: 'For a person; may change. Match on the code or on the type.' }),
    httpStatus: t.exposeInt('httpStatus', {
      description: 'The status with which the REST operation answers the same case.',
    }),
    retryable: t.exposeBoolean('retryable', { description: 'Whether asking again unchanged can help.' }),
    traceId: t.id({
      description: 'Leads to this request in the log; also in the header `X-Trace-Id`.',
      resolve: (_error, _args, { traceId }) => traceId,
    }),
  }),
});

const InputIssue = builder.objectRef<errors.InputIssue>('InputIssue').implement({
  description: 'One thing that is wrong with an input.',
  fields: (t) => ({
    path: t.exposeStringList('path', {
      description: 'Leads to it from the arguments, such as `["input", "projectId"]`.',
    }),
    message: t.exposeString('message', { description: 'What is wrong with it.' }),
  }),
});

const ResourceType = builder.enumType('ResourceType', {
  description: 'What was not found.',
  values: {
    USER: { description: 'The user.' },
    PROJECT: { description: 'The project.' },
    ROLE: { description: 'The role.' },
    SESSION: { description: 'The session.' },
    REVOCATION: { description: 'The record of a removal.' },
    OFFBOARDING: { description: 'The off-boarding.' },
  } satisfies Record<errors.ResourceType, object>,
});

/** The systems behind this gateway. */
export const UpstreamSystem = builder.enumType('UpstreamSystem', {
  description: 'A system behind this gateway that owns assignments.',
  values: {
    VOUCHERIFY: { description: 'Owns the assignments to projects.' },
    ENTRYGUARD: { description: 'Owns the assignments to roles.' },
    COGNIGY: { description: 'Owns the global roles.' },
  } satisfies Record<errors.UpstreamSystem, object>,
});

const interfaces = [AccessError];

builder.objectType(errors.InvalidInputError, {
  name: 'InvalidInputError',
  interfaces,
  description: 'The input is malformed (REST: 400). Nothing was looked up, changed or recorded.',
  fields: (t) => ({
    issues: t.field({
      type: [InputIssue],
      description: 'Everything that is wrong, at once.',
      resolve: ({ issues }) => [...issues],
    }),
  }),
});

builder.objectType(errors.UnauthenticatedError, {
  name: 'UnauthenticatedError',
  interfaces,
  description: 'No credential, a wrong, expired or revoked one, or more than one (REST: 401). Nothing was recorded.',
});

/** `feature` is added by the organizations. */
export const PaymentRequiredError = builder.objectType(errors.PaymentRequiredError, {
  name: 'PaymentRequiredError',
  interfaces,
  description: 'The organization’s plan lacks a feature, or a quota is used up (REST: 402).',
});

builder.objectType(errors.ForbiddenError, {
  name: 'ForbiddenError',
  interfaces,
  description: 'A good credential of the wrong kind, or with too little authority (REST: 403).',
  fields: (t) => ({
    requires: t.exposeString('requires', { description: 'What the caller lacks, as one sentence.' }),
  }),
});

builder.objectType(errors.NotFoundError, {
  name: 'NotFoundError',
  interfaces,
  description:
    'The caller’s organization has no such thing (REST: 404). Something of another organization is answered just so.',
  fields: (t) => ({
    resourceType: t.expose('resourceType', { type: ResourceType, description: 'What was not found.' }),
    resourceId: t.exposeString('resourceId', { description: 'How the caller named it: an id or a login.' }),
  }),
});

builder.objectType(errors.UserNotAssignedError, {
  name: 'UserNotAssignedError',
  interfaces,
  description:
    'The user doesn’t have what was to be taken away (REST: 400 for a project, 404 for a role or global role).',
});

/** `project` is added by the projects. */
export const LastProjectError = builder.objectType(errors.LastProjectError, {
  name: 'LastProjectError',
  interfaces,
  description: 'The project is the only one that the user is assigned to, and a user keeps one (REST: 400).',
});

builder.objectType(errors.LastAdministratorError, {
  name: 'LastAdministratorError',
  interfaces,
  description: 'The user is the last active one who holds ADMIN, and an organization keeps one (REST: 409).',
});

builder.objectType(errors.NoAccessError, {
  name: 'NoAccessError',
  interfaces,
  description: 'The user has no project and no resource left that a session could be started for.',
});

builder.objectType(errors.ConflictError, {
  name: 'ConflictError',
  interfaces,
  description:
    'The request conflicts with the state of its target in a way that has no type of its own (REST: 409); or the same is ' +
    'PENDING already.',
});

builder.objectType(errors.RateLimitedError, {
  name: 'RateLimitedError',
  interfaces,
  description:
    'Too many requests (REST: 429): of this caller, and nothing was recorded; or of this gateway, by the system that owns ' +
    'the assignment, and the record says REFUSED. Nothing was done.',
  fields: (t) => ({
    retryAfterSeconds: t.exposeInt('retryAfterSeconds', { description: 'Ask again after so many seconds.' }),
  }),
});

/** `revocation` and `grant` are added by the revocations and the grants. */
export const UpstreamError = builder.objectType(errors.UpstreamError, {
  name: 'UpstreamError',
  interfaces,
  description:
    'The system that owns the assignment refused, could not be reached, or answered what it should not. Where ' +
    '`outcomeUnknown` is true the gateway finds out by itself: don’t ask for the same again (`retryable` is false, ' +
    'whatever the code says), ask `revocation(id:)` or `grant(id:)` until its state is DONE or REFUSED.',
  fields: (t) => ({
    system: t.expose('system', { type: UpstreamSystem, description: 'Which system.' }),
    outcomeUnknown: t.boolean({
      description:
        'True when the upstream may or may not have done it: the record stays PENDING until that is known. Access counts ' +
        'as gone meanwhile, whether it is being taken away or given.',
      resolve: ({ facts }) => facts.outcomeUnknown,
    }),
    upstreamTraceId: t.string({
      nullable: true,
      description: 'The upstream’s own correlation id.',
      resolve: ({ facts }) => facts.upstreamTraceId,
    }),
  }),
});

builder.objectType(errors.InternalError, {
  name: 'InternalError',
  interfaces,
  description: 'The gateway or its database cannot answer (REST: 503), or broke (REST: 500).',
});

/** What every mutation can answer instead of its success. */
export const everyMutation = [
  errors.UnauthenticatedError,
  errors.ForbiddenError,
  errors.RateLimitedError,
  errors.InternalError,
];

/** What every change of access can answer instead of its success; some have errors of their own beside these. */
export const everyChange = [
  ...everyMutation,
  errors.InvalidInputError,
  errors.PaymentRequiredError,
  errors.NotFoundError,
  errors.ConflictError,
  errors.UpstreamError,
];

/** The same of every removal. */
export const everyRemoval = [...everyChange, errors.UserNotAssignedError];
