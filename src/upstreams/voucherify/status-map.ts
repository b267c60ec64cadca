import { alreadyGone, alreadyThere, commonRows, missing, refused, rejected, type StatusRow } from '../status-table.js';

const notFound: readonly StatusRow[] = [
  { status: 404, where: ['resource_type', /^user$/], means: missing('USER') },
  { status: 404, where: ['resource_type', /^project$/], means: missing('PROJECT') },
];

/** DELETE /management/v1/projects/{projectId}/users/{userId} */
export const unassignAnswers: readonly StatusRow[] = [
  { status: 400, where: ['key', /^user_not_assigned$/], means: alreadyGone },
  // A user's only project is refused with a key that the document doesn't name. Without a key it may be anybody's answer,
  // or one of which the rest was lost.
  { status: 400, where: ['key', /./], means: rejected },
  { status: 400, means: refused('UPSTREAM_REJECTED') },
  ...notFound,
  ...commonRows,
];

/** POST /management/v1/projects/{projectId}/users */
export const assignAnswers: readonly StatusRow[] = [
  { status: 400, where: ['key', /^user_already_assigned$/], means: alreadyThere },
  { status: 400, where: ['key', /./], means: rejected },
  { status: 400, means: refused('UPSTREAM_REJECTED') },
  ...notFound,
  ...commonRows,
];
