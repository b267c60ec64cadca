import { z } from 'zod';
import { isLoopback } from '../config-variables.js';

/** Where an upstream is, and with which headers the gateway makes itself known there. */
export interface UpstreamAccess {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

const mustBeUrl = 'must be a URL that starts with https:// (http:// only on this machine)';

/** The base of an upstream. Other parts of a URL could carry a credential, or would get lost. */
export const baseUrl = z
  .string(mustBeUrl)
  .refine((text) => URL.canParse(text) && isAllowed(new URL(text)), { error: mustBeUrl, abort: true })
  .refine((text) => !/[?#]/.test(text), 'must have no ? and no #')
  .refine((text) => new URL(text).username === '' && new URL(text).password === '', 'must hold no credential');

const isAllowed = ({ protocol, href }: URL) => protocol === 'https:' || (protocol === 'http:' && isLoopback(href));

/** A part of a credential: what a header can hold. Problems never repeat it. */
export const credential = z
  .string('must be a text')
  .regex(/^[\x21-\x7e]{1,8192}$/, 'must be 1 to 8192 characters without spaces');

/** A section: just these fields. */
export const section = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `must have nothing else: ${issue.keys.join(', ')}` : 'must be an object',
  });
