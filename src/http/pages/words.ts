import type { DeviceStatus } from '../../gateway/contract.ts';

export type Language = 'id' | 'en';

/** What the owner's page says. */
interface Words {
  readonly tagline: string;
  readonly what: string;
  readonly reference: string;
  readonly document: string;
  readonly signInHow: string;
  readonly signInTitle: string;
  readonly signInText: string;
  readonly signIn: string;
  readonly signOut: string;
  readonly signedInAs: string;
  readonly devices: string;
  readonly noDevices: string;
  readonly name: string;
  readonly status: string;
  readonly phone: string;
  readonly token: string;
  readonly noPhone: string;
  readonly noToken: string;
  readonly sandbox: string;
  readonly commands: string;
  readonly commandsText: string;
  readonly addDevice: string;
  readonly addSandbox: string;
  readonly linkDevice: string;
  readonly newToken: string;
  readonly tokenNote: string;
  readonly failed: string;
  readonly back: string;
  readonly elsewhere: string;
  readonly statuses: Readonly<Record<DeviceStatus, string>>;
}

export const words: Readonly<Record<Language, Words>> = {
  id: {
    tagline: 'Gateway WhatsApp milik Anda sendiri',
    what: 'Server ini mengirim dan menerima pesan WhatsApp untuk aplikasi Anda lewat API kecil. Hubungkan sebuah device, ambil tokennya, lalu kirim pesan.',
    reference: 'Dokumentasi API',
    document: 'Dokumen OpenAPI',
    signInHow: 'Untuk masuk, buat tautan sekali pakai di server ini:',
    signInTitle: 'Masuk ke WAGate',
    signInText: 'Tautan ini hanya bisa dipakai satu kali. Tekan tombol untuk masuk di browser ini.',
    signIn: 'Masuk',
    signOut: 'Keluar',
    signedInAs: 'Masuk sebagai',
    devices: 'Device',
    noDevices: 'Belum ada device.',
    name: 'Nama',
    status: 'Status',
    phone: 'Nomor',
    token: 'API token',
    noPhone: 'belum terhubung',
    noToken: 'belum dibuat',
    sandbox: 'sandbox',
    commands: 'Hubungkan device dan buat token',
    commandsText: 'Jalankan perintah berikut di folder WAGate pada server ini:',
    addDevice: 'Tambah device WhatsApp',
    addSandbox: 'Tambah device sandbox (tanpa nomor WhatsApp)',
    linkDevice: 'Tampilkan QR untuk dipindai: WhatsApp → Perangkat tertaut',
    newToken: 'Buat token baru (token lama langsung tidak berlaku)',
    tokenNote: 'Token hanya ditampilkan sekali. Simpan di tempat aman.',
    failed: 'Tidak berhasil',
    back: 'Kembali ke halaman utama',
    elsewhere: 'Formulir ini dikirim dari situs lain, jadi ditolak.',
    statuses: {
      connected: 'terhubung',
      connecting: 'menghubungkan',
      pairing: 'menunggu QR dipindai',
      disconnected: 'terputus',
      logged_out: 'keluar dari WhatsApp',
      suspended: 'ditangguhkan',
    },
  },
  en: {
    tagline: 'Your own WhatsApp gateway',
    what: 'This server sends and receives WhatsApp messages for your application over a small API. Link a device, take its token, send a message.',
    reference: 'API reference',
    document: 'OpenAPI document',
    signInHow: 'To sign in, make a one-time link on this server:',
    signInTitle: 'Sign in to WAGate',
    signInText: 'This link works once. Press the button to sign in with this browser.',
    signIn: 'Sign in',
    signOut: 'Sign out',
    signedInAs: 'Signed in as',
    devices: 'Devices',
    noDevices: 'There is no device yet.',
    name: 'Name',
    status: 'Status',
    phone: 'Number',
    token: 'API token',
    noPhone: 'not linked yet',
    noToken: 'none yet',
    sandbox: 'sandbox',
    commands: 'Link a device and make a token',
    commandsText: 'Run these in the folder of WAGate on this server:',
    addDevice: 'Add a WhatsApp device',
    addSandbox: 'Add a sandbox device (needs no WhatsApp number)',
    linkDevice: 'Show the QR to scan: WhatsApp → Linked devices',
    newToken: 'Make a new token (the old one dies at once)',
    tokenNote: 'A token is shown once. Keep it in a safe place.',
    failed: 'That did not work',
    back: 'Back to the first page',
    elsewhere: 'This form was sent from another site, so it was refused.',
    statuses: {
      connected: 'connected',
      connecting: 'connecting',
      pairing: 'waiting for the QR to be scanned',
      disconnected: 'disconnected',
      logged_out: 'logged out of WhatsApp',
      suspended: 'suspended',
    },
  },
};

/** The first of our languages that a browser's Accept-Language prefers; Indonesian when it names neither. */
export function languageOf(accept: string | undefined): Language {
  const wanted = (accept ?? '')
    .split(',')
    .map((item, order) => {
      const [tag = '', ...parameters] = item.trim().toLowerCase().split(';');
      const q = parameters.map((p) => /^\s*q=([\d.]+)\s*$/.exec(p)?.[1]).find((found) => found !== undefined);
      return { language: tag.split('-', 1)[0], weight: q === undefined ? 1 : Number(q), order };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight || a.order - b.order);
  // `in` is the code of Indonesian that old Android still sends.
  for (const { language } of wanted) {
    if (language === 'en') return 'en';
    if (language === 'id' || language === 'in') return 'id';
  }
  return 'id';
}
