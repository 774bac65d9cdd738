import type { Random } from './random.ts';

/** Which cases a fault strikes; all that is given must fit. */
export interface Scope {
  /** Number or group of the chat (or of the account asked about). */
  readonly chat?: string | readonly string[];
  /** Number of the account whose client is struck. */
  readonly account?: string;
  /** 0 to 1; drawn with the network's seed. */
  readonly probability?: number;
  /** It ends by itself after so many hits. */
  readonly times?: number;
}

/** A misbehaviour that goes on until it is ended or used up. */
export interface Fault {
  readonly name: string;
  readonly hits: number;
  end(): void;
}

export type AckFault = { readonly is: 'lost' } | { readonly is: 'late'; readonly ms: number } | Refusal;
export type Refusal = { readonly is: 'refused'; readonly code: number };
export type ReceiptTiming = 'before-ack' | 'after-reconnect' | 'together';
/** `reset` breaks the TCP connection instead of answering. */
export type HttpFault = number | 'reset';

/** What can go wrong, and what it carries when it does. */
interface Kinds {
  ack: AckFault;
  receipts: { readonly timing: ReceiptTiming };
  login: { readonly is: 'failure'; readonly code: number } | { readonly is: 'no-success' };
  upgrade: { readonly status: number };
  usync: { readonly code: number };
  groups: { readonly code: number };
  'app-state': Record<string, never>;
  prekeys: { readonly code: number; readonly whole: boolean };
  'no-one-time-keys': Record<string, never>;
  retry: { readonly keys: boolean };
  codes: { readonly count: number };
  upload: { readonly with: HttpFault };
  download: { readonly with: HttpFault };
  cut: { readonly at: number; readonly when: 'before' | 'after'; readonly tag: string | undefined; seen: number };
  silence: Record<string, never>;
}

interface Rule<K extends keyof Kinds = keyof Kinds> extends Fault {
  readonly kind: K;
  readonly effect: Kinds[K];
  readonly scope: Scope;
  hits: number;
}

export interface Subject {
  readonly chat?: string | undefined;
  readonly account?: string | undefined;
}

/** What `disconnect` can say, by code; carried out by the network. */
export type Disconnect = (code: number, account: string | undefined) => void;

/**
 * Misbehaviour as an API. Chance comes from the network's seed, and `report()` gives the seed and all that struck,
 * to be printed when a test fails.
 */
export class Faults {
  readonly seed: number;
  readonly #random: Random;
  readonly #disconnect: Disconnect;
  readonly #applySilence: () => void;
  readonly #expireMedia: (path?: string) => void;
  #rules: Rule[] = [];
  readonly #struck: string[] = [];

  constructor(
    seed: number,
    random: Random,
    acts: { disconnect: Disconnect; applySilence: () => void; expireMedia: (path?: string) => void },
  ) {
    this.seed = seed;
    this.#random = random;
    this.#disconnect = acts.disconnect;
    this.#applySilence = acts.applySilence;
    this.#expireMedia = acts.expireMedia;
  }

  /** The message is taken and delivered, its ack never comes. */
  loseAcks(scope: Scope = {}): Fault {
    return this.#add('ack', 'acks lost', { is: 'lost' }, scope);
  }

  delayAcks(ms: number, scope: Scope = {}): Fault {
    return this.#add('ack', `acks ${ms} ms late`, { is: 'late', ms }, scope);
  }

  /** Negative acks (463 reach-out time-lock, 479 stale addressing, …); the message goes nowhere. */
  refuse(code: number, scope: Scope = {}): Fault {
    return this.#add('ack', `acks refuse with ${code}`, { is: 'refused', code }, scope);
  }

  /**
   * Receipts of contacts overtake the ack, or wait until the client connects again; those of a group are told together, in one stanza once
   * each member has sent theirs.
   */
  receipts(timing: ReceiptTiming, scope: Scope = {}): Fault {
    return this.#add('receipts', `receipts ${timing}`, { timing }, scope);
  }

  /** `<failure reason=code>` instead of a login: 401 402 403 405 406 409 503 … */
  failLogin(code: number, scope: Scope = {}): Fault {
    return this.#add('login', `login fails with ${code}`, { is: 'failure', code }, scope);
  }

  /** The client is in, but `<success>` never comes; pings are answered. */
  withholdSuccess(scope: Scope = {}): Fault {
    return this.#add('login', 'no <success>', { is: 'no-success' }, scope);
  }

  /** HTTP status on the WebSocket upgrade. */
  refuseUpgrade(status = 503, scope: Scope = {}): Fault {
    return this.#add('upgrade', `upgrade answered with ${status}`, { status }, scope);
  }

  /** `<iq type=error>` to directory queries: 429, 404, … */
  failUsync(code: number, scope: Scope = {}): Fault {
    return this.#add('usync', `usync fails with ${code}`, { code }, scope);
  }

  /** `<iq type=error>` to questions about groups: 429 to who asks too often. */
  failGroups(code: number, scope: Scope = {}): Fault {
    return this.#add('groups', `questions about groups fail with ${code}`, { code }, scope);
  }

  /** Questions about the account's settings (app state) are never answered. */
  ignoreAppState(scope: Scope = {}): Fault {
    return this.#add('app-state', 'no answer about the app state', {}, scope);
  }

  /** An error for the users of `scope.chat`, or, without a chat, for the whole query. */
  failPrekeys(code: number, scope: Scope = {}): Fault {
    return this.#add('prekeys', `prekeys fail with ${code}`, { code, whole: scope.chat === undefined }, scope);
  }

  /** Bundles come without a one-time key. */
  withoutOneTimeKeys(scope: Scope = {}): Fault {
    return this.#add('no-one-time-keys', 'no one-time prekeys', {}, scope);
  }

  /** Contacts act as if they could not decrypt and ask again; with their keys when `keys`. */
  askRetry(scope: Scope & { readonly keys?: boolean } = {}): Fault {
    return this.#add('retry', 'retry receipts', { keys: scope.keys ?? false }, { times: 1, ...scope });
  }

  /** A client that wants to be linked is given this many QR codes instead of six: it shows the first for a minute, each next for 20 s. */
  fewCodes(count: number, scope: Scope = {}): Fault {
    return this.#add('codes', `${count} QR codes`, { count }, { times: 1, ...scope });
  }

  failUploads(how: HttpFault, scope: Scope = {}): Fault {
    return this.#add('upload', `uploads fail with ${how}`, { with: how }, scope);
  }

  failDownloads(how: HttpFault, scope: Scope = {}): Fault {
    return this.#add('download', `downloads fail with ${how}`, { with: how }, scope);
  }

  /** The media behind this direct path, or all media so far, is gone: 410 from now on. */
  expireMedia(directPath?: string): void {
    this.#note(`media expired: ${directPath ?? 'all'}`);
    this.#expireMedia(directPath);
  }

  /** The line is cut at the client's n-th stanza (of `tag`, if given), before or after it was handled. Once. */
  cutAt(stanza: number, scope: Scope & { readonly when?: 'before' | 'after'; readonly tag?: string } = {}): Fault {
    const { when = 'before', tag } = scope;
    return this.#add('cut', `cut ${when} stanza ${stanza}`, { at: stanza, when, tag, seen: 0 }, { times: 1, ...scope });
  }

  /** Sockets stay open and nothing comes out of them any more, until the fault is ended (or the client reconnects). */
  silence(scope: Scope = {}): Fault {
    const fault = this.#add('silence', 'silence', {}, scope);
    this.#applySilence();
    return fault;
  }

  /**
   * Ends live connections the way the server does for this code: 401 402 403 405 406 408 411 428 440 500 503 515.
   * 402, 403, 405 and 406 come as `<failure>`, 440 as a conflict, 411 as a downgrade, 428 as a bare close, and 408,
   * which a client makes up by itself, as a failure too.
   */
  disconnect(code: number, account?: string): void {
    this.#note(`disconnect ${code}`);
    this.#disconnect(code, account);
  }

  clear(): void {
    this.#rules = [];
    this.#applySilence();
  }

  /** The seed and what struck, for the message of a failed test. */
  report(): string {
    return [`seed ${this.seed}`, ...this.#struck].join('\n');
  }

  /** Is there a fault of this kind for this case? Counts as a hit. */
  strike<K extends keyof Kinds>(kind: K, subject: Subject = {}): Kinds[K] | undefined {
    const rule = this.#find(kind, subject);
    if (!rule) return undefined;
    this.#hit(rule, subject);
    return rule.effect;
  }

  isSilent(account: string | undefined): boolean {
    return this.#rules.some((rule) => rule.kind === 'silence' && fits(rule.scope, { account }));
  }

  /** Counts a stanza of the client towards the cuts that wait for it. */
  cutDue(tag: string, account: string | undefined): 'before' | 'after' | undefined {
    for (const rule of this.#rules) {
      if (rule.kind !== 'cut' || !fits(rule.scope, { account })) continue;
      const effect = rule.effect as Kinds['cut'];
      if (effect.tag !== undefined && effect.tag !== tag) continue;
      effect.seen += 1;
      if (effect.seen < effect.at) continue;
      this.#hit(rule, { account });
      return effect.when;
    }
    return undefined;
  }

  #find<K extends keyof Kinds>(kind: K, subject: Subject): Rule<K> | undefined {
    for (const rule of this.#rules) {
      if (rule.kind !== kind || !fits(rule.scope, subject)) continue;
      if (rule.scope.probability !== undefined && this.#random() >= rule.scope.probability) continue;
      return rule as Rule<K>;
    }
    return undefined;
  }

  #hit(rule: Rule, subject: Subject): void {
    rule.hits += 1;
    this.#note([rule.name, subject.chat, subject.account].filter(Boolean).join(' '));
    if (rule.scope.times !== undefined && rule.hits >= rule.scope.times) rule.end();
  }

  #note(line: string): void {
    this.#struck.push(line);
    if (this.#struck.length > 1000) this.#struck.splice(0, 500);
  }

  #add<K extends keyof Kinds>(kind: K, name: string, effect: Kinds[K], scope: Scope): Fault {
    const rule: Rule = {
      kind,
      name,
      effect,
      scope,
      hits: 0,
      end: () => {
        this.#rules = this.#rules.filter((one) => one !== rule);
        if (kind === 'silence') this.#applySilence();
      },
    };
    this.#rules.push(rule);
    return rule;
  }
}

function fits(scope: Scope, subject: Subject): boolean {
  if (scope.account !== undefined && scope.account !== subject.account) return false;
  if (scope.chat === undefined) return true;
  const chats = typeof scope.chat === 'string' ? [scope.chat] : scope.chat;
  return subject.chat !== undefined && chats.includes(subject.chat);
}
