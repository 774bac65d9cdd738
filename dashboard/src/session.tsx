import { createContext, type ReactNode, useContext } from 'react';
import type { Me } from './api/types.ts';

export type Role = Me['account']['role'];

const Signed = createContext<Me | undefined>(undefined);

export function SessionProvider({ me, children }: { readonly me: Me; readonly children: ReactNode }) {
  return <Signed value={me}>{children}</Signed>;
}

/** Who is signed in. Only within the shell. */
export function useMe(): Me {
  const me = useContext(Signed);
  if (me === undefined) throw new Error('this part stands outside of the signed-in pages');
  return me;
}

/** What the role allows; the server decides, this only hides what it would refuse. */
export function useMay() {
  const { account } = useMe();
  const keeps = account.role === 'owner' || account.role === 'admin';
  return {
    /** Devices, tokens, members, the plan. */
    keep: keeps,
    send: keeps || account.role === 'operator',
    own: account.role === 'owner',
    administer: account.is_admin && keeps,
  };
}

export const useZone = (): string => useMe().account.time_zone;
