import { commonRows, missing, refused, rejected, type StatusRow } from '../status-table.js';

/**
 * POST /v2.0/users/{userId}/removerolefromuser and …/addroletouser. By status: the document's `code` comes as a number or
 * a text, and its samples are placeholders. It has no answer of its own for a role that the user doesn't hold.
 */
export const changeRoleAnswers: readonly StatusRow[] = [
  // Nothing is said of a role that the user doesn't hold: after a removal of which nobody knows, this may be the answer.
  { status: 400, means: refused('UPSTREAM_REJECTED') },
  // A user is all that the path names. What isn't Cognigy's own answer (each has a trace id) says nothing of a user.
  { status: 404, where: ['traceId', /./], means: missing('USER') },
  // Of the request as such, which was the same before.
  { status: 405, where: ['traceId', /./], means: rejected },
  { status: 413, where: ['traceId', /./], means: rejected },
  ...commonRows,
];
