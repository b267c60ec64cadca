/** A project's id: `proj_TrlkLiH4` in the document, which gives no grammar. */
export const projectPattern = '^[A-Za-z0-9_-]{1,128}$';

/**
 * A user's id or login, as the path takes either. Encoded they would all be one segment, but proxies are known to decode
 * `%2F` and `%2e%2e` before they choose a path: no login has a slash, a backslash or a percent sign, or is `..`.
 */
export const userPattern = '^(?![.][.]?$)[^\\s/\\\\%?#]{1,254}$';

/** A body names a user by one of two fields; ids begin with `user_`. */
export const toUserReference = (user: string): Record<string, string> =>
  user.startsWith('user_') ? { id: user } : { login: user };
