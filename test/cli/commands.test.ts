import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Network, startNetwork } from '../../simulator/index.ts';
import { databaseOf } from '../support/own-database.ts';
import { type Program, run } from '../support/process.ts';

describe('the command line', () => {
  let network: Network;
  let dataDir: string;
  let env: Record<string, string>;
  const programs: Program[] = [];

  beforeEach(async () => {
    network = await startNetwork();
    dataDir = mkdtempSync(join(tmpdir(), 'wagate-cli-'));
    writeFileSync(join(dataDir, 'ca.pem'), network.mediaAuthority);
    env = {
      PORT: '0',
      DATA_DIR: dataDir,
      SANDBOX: 'false',
      WHATSAPP_URL: network.url,
      WHATSAPP_CA: join(dataDir, 'ca.pem'),
      WHATSAPP_ROOT_KEY: Buffer.from(network.rootKey).toString('hex'),
      ...(await databaseOf(dataDir)),
    };
  });
  afterEach(async () => {
    for (const program of programs.splice(0)) await program.end('SIGKILL');
    await network.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  function start(script: string, ...args: string[]): Program {
    const program = run(script, args, env);
    programs.push(program);
    return program;
  }
  async function wagate(...args: string[]) {
    const program = start('src/cli.ts', ...args, '--json');
    const code = await program.ended;
    return { code, data: JSON.parse(program.lines.at(-1) ?? 'null') };
  }

  it('makes an account with its sign-in link, a device with its token, and lists them', async () => {
    const account = await wagate('account', 'create', '--email', 'toko@example.com', '--name', 'Toko');
    expect(account).toMatchObject({ code: 0, data: { email: 'toko@example.com' } });
    expect(account.data.sign_in).toMatch(/\/sign-in\/wagl_[0-9A-Za-z]{49}$/);
    const device = await wagate('device', 'create', '--name', 'Kasir', '--account', 'toko@example.com');
    expect(device.data).toMatchObject({
      name: 'Kasir',
      kind: 'whatsapp',
      token: expect.stringMatching(/^wag_[0-9A-Za-z]{49}$/),
    });
    const second = await wagate('device', 'create', '--account', 'toko@example.com');
    expect(second).toMatchObject({ code: 1, data: { error: 'device_limit_reached' } });
    const list = await wagate('device', 'list', '--account', 'toko@example.com');
    expect(list.data).toMatchObject([{ id: device.data.id, name: 'Kasir', state: 'disconnected', phone: null }]);
    const token = await wagate('device', 'token', String(device.data.id), '--account', 'toko@example.com');
    expect(token.data.token).not.toBe(device.data.token);
  });

  it('names commands as they are called here, and an address that one can go to', async () => {
    Object.assign(env, { HOST: '0.0.0.0', PORT: '3999', WAGATE_COMMAND: 'docker compose exec wagate wagate' });
    const account = await wagate('account', 'create', '--email', 'toko@example.com');
    expect(account.data.sign_in).toMatch(/^http:\/\/127\.0\.0\.1:3999\/sign-in\//);
    const created = start('src/cli.ts', 'device', 'create', '--name', 'Kasir');
    expect(await created.ended).toBe(0);
    expect(created.lines.join('\n')).toMatch(/docker compose exec wagate wagate device link 1/);
    const usage = start('src/cli.ts', '--help');
    expect(await usage.ended).toBe(0);
    expect(usage.lines.join('\n')).toMatch(/^docker compose exec wagate wagate <command>/m);
  });

  it('links a device by QR beside a running gateway, which connects it and sends', async () => {
    // The gateway may see the device, and connect it, some seconds after the message was accepted.
    env.SEND_WAIT_SECONDS = '60';
    const server = start('src/main.ts');
    const address = (await server.line(/^ {2}API /)).trim().split(/\s+/)[1];
    const { data: device } = await wagate('device', 'create', '--name', 'Kasir');
    const linking = start('src/cli.ts', 'device', 'link', String(device.id), '--json');
    const { qr } = JSON.parse(await linking.line(/"qr"/));
    await network.phone('628111000111').scan(qr);
    expect(await linking.ended).toBe(0);
    expect(JSON.parse(linking.lines.at(-1) ?? '')).toMatchObject({ state: 'linked', phone: '628111000111' });

    const contact = network.contact('628122000222');
    const response = await fetch(`${address}/send-message`, {
      method: 'POST',
      headers: { authorization: `Bearer ${device.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ recipient: contact.number, message: 'Halo', show_typing: false, when_offline: 'hold' }),
    });
    expect(response.status).toBe(200);
    expect((await contact.nextMessage()).text).toBe('Halo');
    const again = await wagate('device', 'link', String(device.id));
    expect(again).toMatchObject({ code: 1, data: { error: 'device_busy' } });
    expect(await server.end()).toBe(0);
  });

  it('links a device by pairing code', async () => {
    const { data: device } = await wagate('device', 'create');
    const linking = start('src/cli.ts', 'device', 'link', String(device.id), '--code', '+62 811-1000-222', '--json');
    const { code } = JSON.parse(await linking.line(/"code"/));
    await network.phone('628111000222').enterCode(code);
    expect(await linking.ended).toBe(0);
    expect((await wagate('device', 'list')).data).toMatchObject([{ phone: '628111000222' }]);
  });

  it('says what is wrong and what to do, without a stack', async () => {
    const unknown = start('src/cli.ts', 'device', 'link', '7');
    expect(await unknown.ended).toBe(1);
    expect(unknown.lines.join('\n')).toMatch(/An account was not found|The device was not found/);
    expect(unknown.lines.join('\n')).not.toMatch(/ at /);
    const usage = start('src/cli.ts', 'nonsense');
    expect(await usage.ended).toBe(2);
    expect(usage.lines.join('\n')).toMatch(/device link <id>/);
    env.PORT = 'many';
    env.LOG_LEVEL = 'loud';
    const settings = start('src/main.ts');
    expect(await settings.ended).toBe(1);
    expect(settings.lines.join('\n')).toMatch(/2 problem\(s\)[\s\S]*PORT=many[\s\S]*LOG_LEVEL=loud/);
  });

  it('finds what ails the installation', async () => {
    const first = await wagate('doctor');
    expect(first.data).toContainEqual(expect.objectContaining({ check: 'store', ok: true }));
    expect((await wagate('migrate')).data.version).toMatch(/^\d{4}_/);
    const checks = (await wagate('doctor')).data.map((finding: { check: string }) => finding.check);
    expect(checks).toEqual([
      'node',
      'settings',
      'key',
      'disk',
      'sync',
      'store',
      'clock',
      'gateway',
      'devices',
      'version',
      'whatsapp',
    ]);
  });
});
