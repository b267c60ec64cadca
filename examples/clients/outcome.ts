/**
 * What a removal came to, for a person: it is done; there was nothing to do; it was refused, and nothing has changed;
 * or it is not known whether the access is gone, which a program must never take for done.
 */
export interface Outcome {
  readonly state: 'done' | 'unchanged' | 'refused' | 'unknown';
  readonly message: string;
}

export const done = (message: string): Outcome => ({ state: 'done', message });
/** For a success that is not `applied`: nobody has lost anything by it. */
export const unchanged: Outcome = {
  state: 'unchanged',
  message: 'Nothing was taken away: it was a dry run, or nothing was assigned.',
};
export const refused = (message: string): Outcome => ({ state: 'refused', message });
export const unknown = (message: string): Outcome => ({ state: 'unknown', message });

/** For a member of the result that this program was not built for: a later gateway may have new ones. */
export const unknownMember = (typename: string): Outcome =>
  unknown(`Not known to be removed: the gateway answered ${typename}. Update this program.`);
