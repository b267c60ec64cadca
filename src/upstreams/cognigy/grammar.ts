import type { GlobalRole } from '../../generated/prisma/enums.js';

/** A user's id, as the document has it. */
export const userPattern = '^[a-z0-9]{24}$';

/** The fifteen global roles, as the document spells them. */
export const globalRoleNames = {
  ADMIN: 'admin',
  API_KEYS: 'apiKeys',
  BASE_ROLE: 'base_role',
  BASIC_SUPPORT_USER: 'basicSupportUser',
  FULL_SUPPORT_USER: 'fullSupportUser',
  LIVE_AGENT_ADMIN: 'liveAgentAdmin',
  LIVE_AGENT_AGENT: 'liveAgentAgent',
  LIVE_AGENT_SUPERVISOR: 'liveAgentSupervisor',
  ODATA: 'odata',
  PROJECT_ASSIGNER: 'projectAssigner',
  PROJECT_MANAGER: 'projectManager',
  USER_MANAGER: 'userManager',
  USER_DETAILS_VIEWER: 'userDetailsViewer',
  VOICE_GATEWAY_USER: 'voiceGatewayUser',
  OPS_CENTER_USER: 'opsCenterUser',
} as const satisfies Record<GlobalRole, string>;

/** One of them. */
export const globalRolePattern = `^(${Object.values(globalRoleNames).join('|')})$`;
