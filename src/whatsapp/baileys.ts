import type { WASocket } from 'baileys';
import { type Clock, systemClock } from '../base/clock.ts';
import { asError } from '../base/errors.ts';
import { type RandomBytes, systemRandom } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { createAbilities } from './abilities.ts';
import { openAuthState } from './auth-state.ts';
import { createDevices, type Device } from './device.ts';
import { closeCodes } from './disconnects.ts';
import { createGroupBook } from './groups.ts';
import {
  closeOnRefusal,
  closeSwiftly,
  guardListeners,
  releaseQueries,
  rememberSettings,
  takeInTurn,
} from './hardening.ts';
import { type Link, LinkError, type LinkEvent, type LinkOptions, type OpenLink } from './link.ts';
import { tellNews } from './news.ts';
import { createAsk } from './queries.ts';
import { quietLogger } from './quiet.ts';
import { createReupload } from './reupload.ts';
import { installCurve, silenceLibsignal } from './signal/index.ts';
import { openSocket, type SocketTimes, trustOf } from './socket.ts';
import { closing } from './thrown.ts';

/** What a test may hand in; the product uses the defaults. Milliseconds. */
export interface LinkSettings extends SocketTimes {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly storeTimeoutMs: number;
  /** From the opening until WhatsApp has accepted the login or lets a QR code be shown. */
  readonly loginTimeoutMs: number;
  readonly log: Pick<Log, 'debug'> | undefined;
}

const DEFAULTS: LinkSettings = {
  clock: systemClock,
  random: systemRandom,
  queryTimeoutMs: 15_000,
  // Finds a frozen peer within 45 s.
  keepAliveMs: 20_000,
  storeTimeoutMs: 2_000,
  loginTimeoutMs: 30_000,
  log: undefined,
};

type Note = (error: unknown, reason: string) => void;

/** Gives `OpenLink` over Baileys. One for the process: it knows which parts belong to which device. */
export function createOpenLink(given: Partial<LinkSettings> = {}): OpenLink {
  const settings = { ...DEFAULTS, ...given };
  const note: Note = (error, reason) => settings.log?.debug({ err: asError(error), reason }, 'whatsapp link');
  const deviceOf = createDevices({
    clock: settings.clock,
    storeTimeoutMs: settings.storeTimeoutMs,
    onFailure: (error) => note(error, 'a list of devices was not kept'),
  });
  return async (options) => {
    silenceLibsignal();
    installCurve();
    return connect(options, deviceOf(options.memory), settings, note);
  };
}

export const openBaileysLink: OpenLink = createOpenLink();

async function connect(options: LinkOptions, device: Device, settings: LinkSettings, note: Note): Promise<Link> {
  const { clock, random, queryTimeoutMs } = settings;
  const login = new AbortController();
  let released = false;
  let ended = false;
  let socket: WASocket | undefined;

  const emit = (event: LinkEvent): void => {
    if (released) return;
    try {
      options.onEvent(event);
    } catch (error) {
      note(error, 'a listener of link events failed');
    }
  };
  const end = (error: Error | undefined): Promise<void> =>
    socket ? socket.end(error).catch((failure) => note(failure, 'ending a socket')) : Promise.resolve();
  const live = (): WASocket => {
    if (ended || released || !socket) throw new LinkError('closed', 'The connection to WhatsApp is closed.');
    return socket;
  };

  let unreadable = false;
  device.tell((error) => {
    if (unreadable) return;
    unreadable = true;
    emit({ type: 'unreadable', error });
    void end(closing(closeCodes.unreadable, error.message, error));
  });

  const auth = await openAuthState({
    memory: device.memory,
    signal: device.signal,
    onUnreadable: device.memory.report,
    onUnsaved: (error) => void end(closing(500, 'The credentials could not be stored.', error)),
  });
  const trust = trustOf(options.route);
  const logger = quietLogger(settings.log);
  const ask = createAsk({ query: (iq, ms) => live().query(iq, ms) });
  const groups = createGroupBook(ask, clock.now);
  const sock = openSocket({ options, device, auth, trust, times: settings, logger, groupOf: groups.metadata });
  socket = sock;

  closeSwiftly(sock);
  closeOnRefusal(sock);
  const turns = takeInTurn(sock);
  guardListeners(
    sock,
    (error) => void end(closing(500, `The stream from WhatsApp is broken: ${error.message}`, error)),
    (error) => note(error, 'a stanza was not understood'),
  );
  clock.sleep(settings.loginTimeoutMs, login.signal).then(
    () => void end(closing(428, 'WhatsApp did not answer the login in time.')),
    () => undefined,
  );

  const settingsNews = rememberSettings(sock, (error) => note(error, 'a change of settings was not confirmed'));
  const reupload = createReupload(sock, clock);
  const abilities = createAbilities({
    sock,
    live,
    ask,
    device,
    groups,
    reupload,
    creds: auth.creds,
    keys: auth.keys,
    saveCreds: auth.saveCreds,
    isPairing: () => news.isPairing,
    trust,
    logger,
    clock,
    random,
    queryTimeoutMs,
    onStuck: settingsNews.confirm,
    note,
  });
  const release = async (): Promise<void> => {
    login.abort();
    trust?.fetchAgent.destroy();
    await trust?.dispatcher.close();
  };
  const news = tellNews({
    sock,
    auth,
    device,
    groups,
    reupload,
    turns,
    refreshDevices: abilities.refreshDevices,
    clock,
    emit,
    onLoggedIn: () => login.abort(),
    onClosed: () => {
      ended = true;
      releaseQueries(sock);
      release().catch((error) => note(error, 'releasing a connection'));
    },
    note,
  });

  return {
    ...abilities,
    async close() {
      released = true;
      await end(undefined);
      await news.settled();
      await auth.credsSaved().catch((error) => note(error, 'the credentials were not stored'));
      await auth.end();
    },
  };
}
