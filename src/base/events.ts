/**
 * What happens in the gateway, told to whoever listens: webhooks, live streams, waiting answers. An event says that something is
 * already durable; it carries ids, and listeners read the rest from the store.
 */
export interface Events {
  'message.accepted': { readonly accountId: number; readonly deviceId: number; readonly messageId: number };
  /** Any change of a message's row: state, receipt, reason of waiting. */
  'message.changed': {
    readonly accountId: number;
    readonly deviceId: number;
    readonly messageId: number;
    readonly whatsappId: string;
    readonly state: string;
  };
  /** An incoming message has its row in the inbox. */
  'message.received': {
    readonly accountId: number;
    readonly deviceId: number;
    readonly whatsappId: string;
    readonly inboxId: number;
  };
  /** The inbox shows something else than before: a new row of either direction, or one that was read. */
  'inbox.changed': { readonly accountId: number; readonly deviceId: number; readonly inboxId: number };
  /** Something that webhooks and live streams tell was recorded (`gateway/happenings.ts`). */
  'event.recorded': { readonly accountId: number; readonly deviceId: number };
  /** A live stream follows a device. */
  'events.followed': { readonly accountId: number; readonly deviceId: number };
  /** An endpoint was made, changed, paused or deleted, or its deliveries were asked for again. */
  'webhook.changed': { readonly accountId: number; readonly deviceId: number; readonly webhookId: number };
  /** What is wrong with a device has changed. */
  'device.health': { readonly accountId: number; readonly deviceId: number };
  /** What somebody may see has changed: a session ended, a role, an account was suspended. Null: of everybody. */
  'people.changed': { readonly accountId: number | null; readonly userId: number | null };
  'device.changed': { readonly accountId: number; readonly deviceId: number; readonly state: string };
}

export type EventName = keyof Events;

export interface EventBus {
  emit<N extends EventName>(name: N, event: Events[N]): void;
  /** Gives the function that ends the listening. */
  on<N extends EventName>(name: N, listener: (event: Events[N]) => void): () => void;
  /** Of all events: what grows here was never taken off. */
  listenerCount(): number;
}

/** A listener that throws is told to `onError` and hinders neither the others nor the one who emits. */
export function createEvents(onError: (error: unknown, name: EventName) => void): EventBus {
  const listeners = new Map<EventName, Set<(event: never) => void>>();
  return {
    emit(name, event) {
      for (const listener of [...(listeners.get(name) ?? [])]) {
        try {
          (listener as (event: unknown) => void)(event);
        } catch (error) {
          onError(error, name);
        }
      }
    },
    on(name, listener) {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set);
      set.add(listener);
      return () => set.delete(listener);
    },
    listenerCount: () => [...listeners.values()].reduce((sum, set) => sum + set.size, 0),
  };
}
