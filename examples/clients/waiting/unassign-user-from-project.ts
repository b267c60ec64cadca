import type { Removal, Settings } from '../command-line.js';
import { done, type Outcome, refused, unchanged, unknown, unknownMember } from '../outcome.js';
import { type Answer, ask } from './gateway.js';
import { type Patience, type Revocation, settledRevocation } from './settled-revocation.js';

const mutation = `
  mutation ($input: UnassignUserFromProjectInput!) {
    unassignUserFromProject(input: $input) {
      __typename
      ... on UnassignUserFromProjectSuccess { applied sessionEffect user { login } }
      ... on AccessError { code message traceId }
      ... on LastProjectError { project { name } }
      ... on UpstreamError { system outcomeUnknown revocation { id } }
    }
  }`;

const usualPatience: Patience = { firstMs: 1_000, longestMs: 15_000, totalMs: 600_000 };

/**
 * Every error that says that nothing was taken away. One that isn't listed says no such thing, and neither does
 * ConflictError: the same may be under way already.
 */
const refusals: ReadonlySet<string> = new Set([
  ...['InvalidInputError', 'UnauthenticatedError', 'PaymentRequiredError', 'ForbiddenError', 'NotFoundError'],
  ...['UserNotAssignedError', 'LastProjectError', 'RateLimitedError', 'UpstreamError'],
]);

/** Unassigns a user from a project. Where the system that owns it leaves that open, waits until the gateway knows. */
export async function unassignUserFromProject(
  settings: Settings,
  input: Removal,
  patience = usualPatience,
): Promise<Outcome> {
  const { unassignUserFromProject: answer } = await ask<{ unassignUserFromProject: Answer }>(settings, mutation, {
    input,
  });
  return answer['outcomeUnknown'] === true ? wait(settings, answer, patience) : toOutcome(answer);
}

/** Asking for the removal again would be answered CONFLICT: the gateway is at it. Its record tells when it knows. */
async function wait(settings: Settings, answer: Answer, patience: Patience): Promise<Outcome> {
  const { revocation, system } = answer as Answer & { revocation: { id: string } | null; system: string };
  if (!revocation) {
    return unknown(`${system} may have done it, or not.`);
  }
  const settled = await settledRevocation(settings, revocation.id, patience);
  return settled ? toSettled(settled) : unknown(`${system} may have done it, or not: see ${revocation.id}.`);
}

const toSettled = ({ state, code, system }: Revocation): Outcome =>
  state === 'DONE' ? done(`${system} has removed it after all.`) : refused(`${system} refused it (${code}).`);

function toOutcome(answer: Answer): Outcome {
  const { __typename, code, message, traceId } = answer;
  if (__typename === 'UnassignUserFromProjectSuccess') {
    const { user, sessionEffect } = answer as Answer & { user: { login: string } | null; sessionEffect: string };
    const message = `Unassigned ${user?.login ?? 'the user'}. Sessions: ${sessionEffect}.`;
    return answer['applied'] === true ? done(message) : unchanged;
  }
  if (__typename === 'LastProjectError') {
    const { project } = answer as Answer & { project: { name: string } | null };
    return refused(`${project?.name ?? 'This'} is the only project of the user, who keeps it.`);
  }
  if (__typename === 'InternalError' || __typename === 'ConflictError') {
    return unknown(`${message} (${traceId})`);
  }
  return refusals.has(__typename) ? refused(`${message} (${code})`) : unknownMember(__typename);
}
