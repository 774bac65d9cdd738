import type { Role } from '../../session.tsx';

/** The roles that somebody may give: only an owner makes owners. */
export const rolesFor = (own: boolean): readonly Role[] =>
  own ? ['owner', 'admin', 'operator', 'viewer'] : ['admin', 'operator', 'viewer'];
