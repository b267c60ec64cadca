import type { Context } from './context.js';
import type { ErrorCode } from './errors.js';

/** What a field that changes access tells of itself, so that an attempt that its rule refuses is put on record too. */
export interface Attempt<Request = unknown> {
  /** Checks the arguments against their grammar; throws InvalidInputError. */
  toRequest(args: { input: unknown }, context: Context): Request;
  /** Puts on record that a rule refused it before it was tried. A dry run leaves no record. */
  recordRefusal(context: Context, request: Request, code: ErrorCode): Promise<void>;
}
