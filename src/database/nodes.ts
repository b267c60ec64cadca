const toJson = (alias: string, columns: Readonly<Record<string, string>>) =>
  `json_build_object(${Object.entries(columns)
    .map(([field, column]) => `'${field}', ${alias}.${column}`)
    .join(', ')})`;

/**
 * SQL for what the graph shows of the entries of a directory, with the names that Prisma's models have. Each under the
 * alias of all statements: `u`, `p`, `r`, `n`. Lists hold thousands of them, and a whole row is twice as much to carry.
 */
export const nodes = {
  user: toJson('u', {
    ...{ id: 'id', login: 'login', name: 'name', orgAdmin: 'org_admin', active: 'active' },
    globalRoles: 'global_roles',
  }),
  project: toJson('p', { id: 'id', name: 'name' }),
  role: toJson('r', { id: 'id', name: 'name', description: 'description' }),
  resource: toJson('n', { id: 'id', name: 'name' }),
} as const;
