import type { Administration } from '../../gateway/administration.ts';
import type { Audit } from '../../gateway/audit.ts';
import type { Chats } from '../../gateway/chats.ts';
import type { Messages } from '../../gateway/contract.ts';
import type { Entrance, Signed } from '../../gateway/entrance.ts';
import type { Groups } from '../../gateway/groups.ts';
import type { History } from '../../gateway/history.ts';
import type { Inbox } from '../../gateway/inbox.ts';
import type { Installation } from '../../gateway/installation.ts';
import type { Keeping } from '../../gateway/keeping.ts';
import type { Linking } from '../../gateway/linking.ts';
import type { Members } from '../../gateway/members.ts';
import type { Offers } from '../../gateway/offers.ts';
import type { People } from '../../gateway/people.ts';
import type { Profiles } from '../../gateway/profiles.ts';
import type { Purchases } from '../../gateway/purchases.ts';
import type { Replies } from '../../gateway/replies.ts';
import type { SandboxPhones } from '../../gateway/sandbox.ts';
import type { Usage } from '../../gateway/usage.ts';
import type { Webhooks } from '../../gateway/webhooks.ts';
import type { LiveStreams } from '../live.ts';

/** What the dashboard's routes ask of the gateway. */
export interface PanelGateway {
  readonly entrance: Entrance;
  readonly profiles: Profiles;
  readonly members: Members;
  readonly people: People;
  readonly keeping: Keeping;
  readonly linking: Linking;
  readonly sandbox: SandboxPhones;
  readonly history: History;
  readonly messages: Pick<Messages, 'send' | 'cancel'>;
  readonly chats: Chats;
  readonly inbox: Pick<Inbox, 'media'>;
  readonly replies: Pick<Replies, 'react'>;
  readonly groups: Pick<Groups, 'list'>;
  readonly webhooks: Webhooks;
  readonly usage: Usage;
  readonly offers: Offers;
  readonly purchases: Purchases;
  readonly administration: Administration;
  readonly installation: Installation;
  readonly audit: Audit;
  readonly live: LiveStreams;
}

export type { Signed };
