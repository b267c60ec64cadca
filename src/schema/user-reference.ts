import { builder } from './builder.js';

/** One user, named by directory id or by login. */
export const UserReference = builder.inputType('UserReference', {
  description: 'One user, named by directory id or by login: give exactly one of the two.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'The id in the directory, such as `user_VNBwrq3d4OaxJjoykkwIRTbqgnYgjCl`.' }),
    login: t.string({ description: 'The login, exactly as it is spelled in the directory.' }),
  }),
});
