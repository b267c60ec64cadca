import { alreadyGone, alreadyThere, commonRows, missing, type StatusRow } from '../status-table.js';

// The document has one status for all of these, and no code: the message tells them apart.
const notFound: readonly StatusRow[] = [
  { status: 404, where: ['message', /^Role not found\b/i], means: missing('ROLE') },
  { status: 404, where: ['message', /^User not found\b/i], means: missing('USER') },
];

/** DELETE /api/v1/roles/{id}/users/{userId} */
export const unassignAnswers: readonly StatusRow[] = [
  { status: 404, where: ['message', /^User not assigned to this role\b/i], means: alreadyGone },
  ...notFound,
  ...commonRows,
];

/** POST /api/v1/roles/{id}/users/{userId} */
export const assignAnswers: readonly StatusRow[] = [
  { status: 409, where: ['message', /^User already assigned to this role\b/i], means: alreadyThere },
  ...notFound,
  ...commonRows,
];
