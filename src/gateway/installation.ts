import { failure } from '../base/errors.ts';
import type { Store } from '../store/index.ts';
import type { Audit } from './audit.ts';
import type { Signed } from './entrance.ts';
import type { Mail } from './mail.ts';

export interface InstallationSettings {
  readonly name: string;
  readonly signUp: 'open' | 'closed';
  /** Null: the first trial. */
  readonly signUpPackageId: number | null;
  readonly bankTransfer: string;
}

type Change = { readonly [K in keyof InstallationSettings]?: InstallationSettings[K] | undefined };

/** This server as its administrator and its visitors know it. */
export interface Installation {
  settings(): Promise<InstallationSettings>;
  /** Throws `not_found` for a package that is none. */
  change(who: Signed, change: Change, address: string): Promise<InstallationSettings>;
  /** For visitors. */
  describe(): Promise<{
    readonly name: string;
    readonly version: string;
    readonly publicUrl: string;
    readonly signUp: 'open' | 'closed';
    readonly mail: boolean;
    readonly sandbox: boolean;
  }>;
  /** Where others reach it, for links. Never taken from a request: its Host header is the caller's to choose. */
  url(): string;
}

export interface InstallationNeeds {
  readonly store: Pick<Store, 'settings' | 'packages' | 'durable'>;
  readonly audit: Audit;
  readonly mail: Pick<Mail, 'enabled'>;
  /** Before an administrator decided. */
  readonly signUp: 'open' | 'closed';
  readonly version: string;
  readonly sandbox: boolean;
  readonly url: () => string;
}

export function createInstallation(needs: InstallationNeeds): Installation {
  const { store } = needs;

  async function settings(): Promise<InstallationSettings> {
    const set = await store.settings.all();
    const package_ = Number(set.sign_up_package_id);
    return {
      name: set.name ?? 'WAGate',
      signUp: set.sign_up === 'open' || set.sign_up === 'closed' ? set.sign_up : needs.signUp,
      signUpPackageId: Number.isInteger(package_) && package_ > 0 ? package_ : null,
      bankTransfer: set.bank_transfer ?? '',
    };
  }

  return {
    settings,
    url: needs.url,

    async change(who, { name, signUp, signUpPackageId, bankTransfer }, address) {
      if (typeof signUpPackageId === 'number' && (await store.packages.find(signUpPackageId)) === undefined)
        throw failure('not_found', { what: 'The package' });
      const changes = {
        name,
        sign_up: signUp,
        sign_up_package_id: signUpPackageId === undefined ? undefined : String(signUpPackageId ?? ''),
        bank_transfer: bankTransfer,
      };
      for (const [key, value] of Object.entries(changes)) if (value !== undefined) await store.settings.set(key, value);
      await needs.audit.note({ kind: 'settings.changed', who, address });
      await store.durable();
      return settings();
    },

    async describe() {
      const { name, signUp } = await settings();
      return {
        name,
        version: needs.version,
        publicUrl: needs.url(),
        signUp,
        mail: needs.mail.enabled,
        sandbox: needs.sandbox,
      };
    },
  };
}
