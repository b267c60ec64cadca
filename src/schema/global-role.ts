import type { GlobalRole } from '../generated/prisma/enums.js';
import { builder } from './builder.js';

const rest = (spelling: string, description: string) => ({
  description: `${description} \`${spelling}\` in the REST API.`,
});

/** The fifteen organization-wide roles. */
export const GlobalRoleEnum = builder.enumType('GlobalRole', {
  description: 'The fifteen organization-wide roles.',
  values: {
    ADMIN: rest('admin', 'May do everything. The last active user who holds it keeps it.'),
    API_KEYS: rest('apiKeys', 'May manage API keys.'),
    BASE_ROLE: rest('base_role', 'What every user of the platform has.'),
    BASIC_SUPPORT_USER: rest('basicSupportUser', 'May use basic support.'),
    FULL_SUPPORT_USER: rest('fullSupportUser', 'May use full support.'),
    LIVE_AGENT_ADMIN: rest('liveAgentAdmin', 'Administers live agents.'),
    LIVE_AGENT_AGENT: rest('liveAgentAgent', 'Works as a live agent.'),
    LIVE_AGENT_SUPERVISOR: rest('liveAgentSupervisor', 'Supervises live agents.'),
    ODATA: rest('odata', 'May read analytics over OData.'),
    PROJECT_ASSIGNER: rest('projectAssigner', 'May assign users to projects.'),
    PROJECT_MANAGER: rest('projectManager', 'May manage projects.'),
    USER_MANAGER: rest('userManager', 'May manage users, and take any global role but ADMIN away from them.'),
    USER_DETAILS_VIEWER: rest('userDetailsViewer', 'May read the whole directory.'),
    VOICE_GATEWAY_USER: rest('voiceGatewayUser', 'May use the voice gateway.'),
    OPS_CENTER_USER: rest('opsCenterUser', 'May use the operations centre.'),
  } satisfies Record<GlobalRole, object>,
});
