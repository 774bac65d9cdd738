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
  'message.received': { readonly accountId: number; readonly deviceId: number; readonly whatsappId: string };
  /** What is wrong with a device has changed. */
  'device.health': { readonly accountId: number; readonly deviceId: number };
  'device.changed': { readonly accountId: number; readonly deviceId: number; readonly state: string };
}

export type EventName = keyof Events;

export interface EventBus {
  emit<N extends EventName>(name: N, event: Events[N]): void;
  /** Gives the function that ends the listening. */
  on<N extends EventName>(name: N, listener: (event: Events[N]) => void): () => void;
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
  };
}
