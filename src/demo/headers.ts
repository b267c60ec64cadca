import { signDevelopmentToken } from '../auth/development-issuer.js';
import type { Config } from '../config.js';
import { demoCredentials as credentials } from './credentials.js';

/** The header or headers of one credential. */
export type CredentialHeaders = Readonly<Record<string, string>>;

/** Ready-made credentials of the demo organization, as a client sends them. */
export interface DemoHeaders {
  readonly managementToken: CredentialHeaders;
  /** Null where another issuer than the development issuer signs bearer tokens. */
  readonly administrator: CredentialHeaders | null;
  readonly administratorKey: CredentialHeaders;
  readonly userManagerKey: CredentialHeaders;
  readonly plainUserKey: CredentialHeaders;
  readonly basicManagementToken: CredentialHeaders;
}

const managementHeaders = ({ id, token }: { id: string; token: string }) => ({
  'X-Management-Id': id,
  'X-Management-Token': token,
});
const keyHeader = ({ key }: { key: string }) => ({ 'X-API-Key': key });

/** How long the administrator's token is good for: a week of trying things out. */
const tokenSeconds = 7 * 86_400;

export async function createDemoHeaders({ bearer }: Pick<Config, 'bearer'>, now: Date): Promise<DemoHeaders> {
  return {
    managementToken: managementHeaders(credentials.managementToken),
    administrator: await signAdministrator(bearer, now),
    administratorKey: keyHeader(credentials.administratorKey),
    userManagerKey: keyHeader(credentials.userManagerKey),
    plainUserKey: keyHeader(credentials.plainUserKey),
    basicManagementToken: managementHeaders(credentials.basicManagementToken),
  };
}

async function signAdministrator(bearer: Config['bearer'], now: Date): Promise<CredentialHeaders | null> {
  if (!bearer || !('developmentSecretIn' in bearer.key)) {
    return null;
  }
  const token = await signDevelopmentToken({
    dataDir: bearer.key.developmentSecretIn,
    ...{ subject: credentials.administrator, organization: credentials.organization, roles: ['ORG_ADMIN'] },
    ...{ expiresInSeconds: tokenSeconds, now },
    ...{ rolesClaim: bearer.rolesClaim, organizationClaim: bearer.organizationClaim },
  });
  return { Authorization: `Bearer ${token}` };
}

/** With which of them each root field can be asked; `*` is for the rest. */
export function toHeadersByField(headers: DemoHeaders): Readonly<Record<string, CredentialHeaders>> {
  return {
    unassignUserFromProject: headers.managementToken,
    removeGlobalRole: headers.userManagerKey,
    assignUserToProject: headers.managementToken,
    addGlobalRole: headers.userManagerKey,
    '*': headers.administrator ?? headers.administratorKey,
  };
}
