import type { App } from './app.ts';
import type { DeviceState } from './gateway/supervisor.ts';

export interface FirstStart {
  readonly signIn: string;
  /** Undefined with SANDBOX off. */
  readonly sandboxToken: string | undefined;
}

/** How long the first start waits for the sandbox device, so that the printed command works when it is pasted. */
const SANDBOX_READY_MS = 30_000;

/** On an empty store: the owner's account, a sign-in link, a sandbox device that is already linked and its token. */
export async function firstStart(app: App): Promise<FirstStart | undefined> {
  const account = await app.accounts.bootstrap();
  if (account === undefined) return undefined;
  const signIn = `${publicUrl(app)}/sign-in/${await app.accounts.issueLink('owner@localhost')}`;
  if (!app.config.SANDBOX) return { signIn, sandboxToken: undefined };
  const device = await app.devices.create(account.id, { name: 'Sandbox', kind: 'sandbox' });
  const sandboxToken = await app.devices.issueToken(account.id, device.id);
  const connected = untilConnected(app, device.id);
  await app.fleet.refresh();
  await connected;
  return { signIn, sandboxToken };
}

async function untilConnected(app: App, deviceId: number): Promise<void> {
  const timer = new AbortController();
  await new Promise<void>((resolve, reject) => {
    const off = app.events.on('device.changed', (event) => {
      if (event.deviceId !== deviceId || event.state !== 'connected') return;
      off();
      timer.abort();
      resolve();
    });
    app.clock.sleep(SANDBOX_READY_MS, timer.signal).then(
      () => {
        off();
        app.log.warn({ device: deviceId }, 'the sandbox device is not connected yet');
        resolve();
      },
      (error) => {
        if (!timer.signal.aborted) reject(error);
      },
    );
  });
}

export const publicUrl = (app: App): string => app.config.PUBLIC_URL ?? app.url;

/** What a start prints: everything that one needs the first time, address and state later. */
export async function welcome(app: App, first: FirstStart | undefined): Promise<string> {
  const address = publicUrl(app);
  const lines = [
    '',
    `WAGate ${app.config.APP_VERSION}`,
    '',
    `  Dashboard    ${address}`,
    `  API          ${address}/api/v1`,
  ];
  lines.push(
    `  Reference    ${address}/docs/reference`,
    `  Data         ${app.config.DATABASE_URL === undefined ? app.config.DATA_DIR : 'PostgreSQL'}`,
  );
  if (first === undefined) {
    const devices = await app.store.devices.listEnabled();
    const count = (is: DeviceState['is']) => devices.filter(({ id }) => app.fleet.state(id).is === is).length;
    lines.push(
      `  Devices      ${devices.length} linked, ${count('connected')} connected, ${count('connecting') + count('waiting')} connecting`,
      '',
    );
    return `${lines.join('\n')}\n`;
  }
  lines.push('', '  Sign in as the owner (works once, within 24 hours):', `  ${first.signIn}`, '');
  if (first.sandboxToken !== undefined) {
    lines.push(
      `Sandbox token: ${first.sandboxToken}`,
      '',
      'It is shown only now. Send the first message, to a simulated phone that answers:',
      '',
      `curl -X POST ${address}/api/v1/send-message \\`,
      `  -H "Authorization: Bearer ${first.sandboxToken}" \\`,
      '  -H "Content-Type: application/json" \\',
      `  -d '{"recipient": "628990000006", "message": "Hello from WAGate!"}'`,
      '',
    );
  }
  lines.push(
    'Link your own WhatsApp:',
    '',
    `  ${app.config.WAGATE_COMMAND} device create --name "My WhatsApp"`,
    // The number that the line before will give it.
    `  ${app.config.WAGATE_COMMAND} device link ${first.sandboxToken === undefined ? 1 : 2}`,
    '',
  );
  return `${lines.join('\n')}\n`;
}
