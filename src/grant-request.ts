import { z } from 'zod';
import type { UpstreamSystem } from './errors.js';
import type { id } from './grammar.js';
import { reason } from './grammar.js';
import { type ChangeRequest, changeGrammars } from './removal-request.js';

/** What tells the grants apart, on the way into the database and back. */
export interface Giving {
  readonly kind: 'PROJECT' | 'ROLE' | 'GLOBAL_ROLE';
  readonly databaseFunction: 'assign_user_to_project' | 'assign_user_to_role' | 'add_global_role';
  /** The system that owns such assignments, where the organization has it. */
  readonly system: UpstreamSystem;
  /** What a caller lacks whose authority is gone by the time of the change. */
  readonly requires: string;
}

/** One grant that is asked for. */
export interface GrantRequest extends ChangeRequest {
  /** The role in the project; null where it is about none. */
  readonly projectRole: string | null;
}

/** Why a grant is asked for, and whether it is meant. */
export const grantInput = { reason, dryRun: z.boolean() };

/** The grammars of a grant's input; see {@link changeGrammars}. */
export const grantGrammars = <Target extends z.ZodRawShape>(target: (idOf: typeof id) => Target) =>
  changeGrammars(target, grantInput);
