import { alreadyGone, alreadyThere, commonRows, refused, type StatusRow } from '../status-table.js';

const notFound: readonly StatusRow[] = [
  { status: 404, where: ['resource_type', /^user$/], means: refused('NOT_FOUND', 'USER') },
  { status: 404, where: ['resource_type', /^project$/], means: refused('NOT_FOUND', 'PROJECT') },
];

/** DELETE /management/v1/projects/{projectId}/users/{userId} */
export const unassignAnswers: readonly StatusRow[] = [
  { status: 400, where: ['key', /^user_not_assigned$/], means: alreadyGone },
  // A user's only project is refused with a key that the document doesn't name.
  { status: 400, means: refused('UPSTREAM_REJECTED') },
  ...notFound,
  ...commonRows,
];

/** POST /management/v1/projects/{projectId}/users */
export const assignAnswers: readonly StatusRow[] = [
  { status: 400, where: ['key', /^user_already_assigned$/], means: alreadyThere },
  { status: 400, means: refused('UPSTREAM_REJECTED') },
  ...notFound,
  ...commonRows,
];
