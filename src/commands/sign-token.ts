import { type Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../config.js';
import { GlobalRole } from '../generated/prisma/enums.js';
import { parseDuration, parseName, parseOrganizationId } from './arguments.js';
import { CommandError, exitCodes } from './failure.js';

interface Options {
  readonly subject: string;
  readonly organization: string;
  readonly roles?: readonly string[];
  readonly expiresIn?: number;
}

const authorities = ['ORG_ADMIN', ...Object.keys(GlobalRole)];

export function addSignToken(program: Command): void {
  program
    .command('sign-token')
    .description('Sign a bearer token with the development issuer. Not in production, nor where JWT_ISSUER is set.')
    .requiredOption(
      '--subject <subject>',
      'who it is for: what the directory has as subject, or the user id',
      parseName,
    )
    .requiredOption('--organization <id>', 'the organization that it is for', parseOrganizationId)
    .option('--roles <roles>', 'roles that it carries, comma-separated: ORG_ADMIN or global roles', parseRoles)
    .option('--expires-in <duration>', 'how long it is good for (default: 1h)', parseDuration)
    .addHelpText(
      'after',
      '\nExample:\n  $ divest sign-token --subject user_ada --organization org_demo --roles ORG_ADMIN',
    )
    .action(signToken);
}

function parseRoles(text: string): string[] {
  const roles = text.split(',').map((role) => role.trim());
  if (!roles.every((role) => authorities.includes(role))) {
    throw new InvalidArgumentError(`They must be of ${authorities.join(', ')}.`);
  }
  return roles;
}

async function signToken({ subject, organization, roles = [], expiresIn = 3600 }: Options): Promise<void> {
  const { bearer } = loadConfig(process.env);
  if (!bearer || !('developmentSecretIn' in bearer.key)) {
    throw new CommandError(
      'Only the development issuer signs tokens here, and it is off in production and where JWT_ISSUER is set. ' +
        'Ask your identity provider for a token.',
      exitCodes.usage,
    );
  }
  const { signDevelopmentToken } = await import('../auth/development-issuer.js');
  const token = await signDevelopmentToken({
    dataDir: bearer.key.developmentSecretIn,
    ...{ subject, organization, roles, expiresInSeconds: expiresIn, now: new Date() },
    ...{ rolesClaim: bearer.rolesClaim, organizationClaim: bearer.organizationClaim },
  });
  process.stdout.write(`${token}\n`);
}
