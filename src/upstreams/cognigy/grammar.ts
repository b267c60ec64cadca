/** A user's id, as the document has it. */
export const userPattern = '^[a-z0-9]{24}$';

const globalRoles = [
  ...['admin', 'apiKeys', 'base_role', 'basicSupportUser', 'fullSupportUser', 'liveAgentAdmin', 'liveAgentAgent'],
  ...['liveAgentSupervisor', 'odata', 'projectAssigner', 'projectManager', 'userManager', 'userDetailsViewer'],
  ...['voiceGatewayUser', 'opsCenterUser'],
];

/** One of the fifteen global roles. */
export const globalRolePattern = `^(${globalRoles.join('|')})$`;
