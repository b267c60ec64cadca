import type { List } from '../database/lists.js';
import { nodes } from '../database/nodes.js';

export const organizationProjects: List = {
  from: 'projects p',
  parent: 'p.organization_id',
  key: ['p.id'],
  keyTypes: ['text'],
  hasModels: true,
  columns: `${nodes.project} as node`,
};

export const userProjects: List = {
  from: 'project_members m join projects p on p.id = m.project_id',
  parent: 'm.user_id',
  key: ['m.project_id'],
  keyTypes: ['text'],
  hasModels: true,
  columns: `${nodes.project} as node, m.role`,
};

export const projectMembers: List = {
  from: 'project_members m join users u on u.id = m.user_id',
  parent: 'm.project_id',
  key: ['m.user_id'],
  keyTypes: ['text'],
  hasModels: true,
  columns: `${nodes.user} as node, m.role`,
};
