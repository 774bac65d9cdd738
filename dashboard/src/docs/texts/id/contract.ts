/** The chapters of the contract document, in its words. Backticks make code, stars make bold. */
export default {
  start: {
    title: 'Getting Started',
    lead: 'WAGate API memungkinkan Anda mengirim pesan WhatsApp dari aplikasi atau website Anda sendiri. Setiap device WhatsApp memiliki API token unik yang digunakan untuk autentikasi.',
    how: 'Cara Kerja',
    steps: [
      'Generate API Token dari dashboard untuk device WhatsApp Anda',
      'Simpan token dengan aman (hanya ditampilkan sekali)',
      'Gunakan token untuk autentikasi setiap request API',
      'Kirim pesan WhatsApp dari aplikasi Anda!',
    ],
    security: 'Keamanan',
    securityText:
      'Jangan share API token Anda ke siapapun! Token memberikan akses penuh untuk mengirim pesan dari device WhatsApp Anda.',
    baseUrl: 'Base URL',
    baseUrlText: 'Semua alamat di halaman ini sudah memakai alamat server ini. Jawaban selalu JSON dalam UTF-8.',
  },
  authentication: {
    title: 'Authentication',
    lead: 'Semua endpoint API menggunakan Bearer Token authentication. Sertakan token Anda di header:',
    get: 'Cara Mendapatkan API Token',
    steps: [
      'Login ke dashboard WAGate',
      'Hubungkan device WhatsApp Anda (scan QR code)',
      'Token otomatis di-generate saat device pertama kali dibuat',
      'Lihat token di dashboard → klik device → lihat di card "🔑 API Token"',
      'Klik tombol 🔑 untuk view/regenerate token',
    ],
    tips: 'Tips Token',
    tipItems: [
      'Token ditampilkan sekali saat pertama generate/regenerate',
      'Simpan token di tempat aman (environment variables, secrets manager)',
      'Jika kehilangan token, regenerate dari dashboard (token lama jadi invalid)',
      'Setiap device punya token unik sendiri',
    ],
    ready: 'Setelah device connected, token sudah bisa langsung digunakan!',
    onlyHeader: 'Token hanya dibaca dari header `Authorization`, tidak pernah dari query string atau body.',
  },
  endpoint: {
    body: 'Request Body',
    query: 'Query Parameters',
    request: 'Example Request',
    success: 'Success Response (200)',
    pending: 'Masih dikirim (202)',
    errors: 'Error Responses',
    superset:
      'Setiap jawaban gagal juga membawa `code` (kata tetap untuk program Anda) dan `request_id` (untuk administrator). Daftar lengkapnya ada di [Kode error](#errors).',
    unauthorized: 'Token tidak valid',
  },
  sendMessage: {
    lead: 'Kirim pesan teks WhatsApp ke nomor tujuan.',
    recipient: 'Required: nomor WA tujuan (format 62xxx)',
    message: 'Required: isi pesan (max 5000 karakter)',
    showTyping: 'Optional: tampilkan typing indicator (default: true)',
    notRegistered: 'Nomor tidak terdaftar WhatsApp',
    notConnected: 'Device tidak connected',
    invalid: 'Validation Error',
    waits:
      'Jawaban menunggu konfirmasi WhatsApp, paling lama {waitSeconds} detik. Jika belum ada kepastian, jawabannya 202 dengan `status: "pending"`: pesan sudah tersimpan dan tetap dikirim, jadi jangan dikirim ulang. Lihat kelanjutannya dengan [GET /messages/{id}](#one-message).',
  },
  sendMedia: {
    lead: 'Kirim pesan WhatsApp dengan media (gambar, video, audio, dokumen) dari URL.',
    note: 'Catatan',
    noteText:
      'Endpoint ini digunakan khusus untuk mengirim media. Untuk pesan teks biasa, gunakan endpoint `/send-message`',
    recipient: 'Required: nomor WA tujuan (format 62xxx)',
    mediaUrl: 'Required: URL media',
    mediaType: 'Optional: image|video|audio|document',
    caption: 'Optional: caption untuk media',
    captionValue: 'Ini caption',
    types: 'Media Type Options',
    typeItems: [
      '`image` → JPEG, PNG, GIF, WebP',
      '`video` → MP4, MOV, WebM',
      '`audio` → MP3, OGG, WAV',
      '`document` → PDF, DOC, DOCX, XLS, XLSX, PPT',
    ],
    unreachable: 'Media URL tidak valid atau tidak bisa diakses',
    missing: 'Validation Error - Parameter kurang',
    tips: 'Tips',
    tipItems: [
      'Jika tidak set `media_type`, sistem akan auto-detect dari Content-Type header URL',
      'Media URL harus accessible dari server (tidak behind authentication)',
      'Maksimal ukuran media: {mediaMb}MB',
      'Timeout download: {mediaSeconds} detik',
      'URL harus lengkap dengan protocol (https://)',
    ],
    upload: 'Unggah file langsung',
    uploadText:
      'Sebagai ganti `media_url`, kirim form `multipart/form-data` dengan field `file`. Tulis field lain sebelum file. `filename` (opsional) adalah nama yang dilihat penerima dokumen; `caption` paling panjang {captionLength} karakter. File selain gambar, video, atau audio dikirim sebagai dokumen; begitu juga audio yang diberi `caption`, karena WhatsApp tidak punya caption untuk audio. Ogg dengan codec Opus tanpa caption dikirim sebagai pesan suara.',
  },
  device: {
    lead: 'Dapatkan informasi device, user, subscription, dan statistik.',
    more: 'Nilai `status`: `connected`, `connecting`, `pairing`, `disconnected`, `logged_out`, atau `suspended`, sesuai keadaan saat ini juga. `phone_number` bernilai `null` sebelum device dipasangkan. `health` memberi tahu apa yang bermasalah, atau akan bermasalah. Sisa kuota = kuota − (terkirim + gagal + menunggu) selama masa langganan.',
  },
  messages: {
    lead: 'Dapatkan riwayat pesan dengan pagination.',
    limit: 'Optional: jumlah per halaman (max 100, default 50)',
    page: 'Optional: halaman (default 1)',
    status: 'Optional: filter by status (sent|failed|pending)',
    filters: 'Filter lainnya',
    filterHead: ['Parameter', 'Arti'],
    filterRows: {
      state:
        'Lebih rinci dari status: `queued`, `sending`, `sent`, `delivered`, `read`, `failed`, `expired`, `cancelled`.',
      recipient: 'Hanya ke nomor ini, bagaimanapun cara menulisnya.',
      ref: 'Hanya dengan id milik Anda ini.',
      since: 'Diterima server sejak waktu ini. ISO 8601 dengan offset, atau detik Unix.',
      until: 'Diterima server sampai waktu ini.',
    },
    more: 'Yang terbaru di atas. `status` adalah kata singkat: `pending` (diterima, belum dikonfirmasi WhatsApp), `sent` (dikonfirmasi, atau lebih lanjut), `failed`. `state` lebih rinci, dengan waktunya masing-masing. `limit` di atas 100 dianggap 100.',
  },
  examples: {
    title: 'Code Examples',
    lead: 'Pilih bahasa sekali; semua contoh di halaman ini mengikutinya. Ganti `YOUR_API_TOKEN` dengan token Anda.',
    sendText: 'Send Text Message',
    sendMedia: 'Send Media',
    retry: 'Kirim ulang dengan aman',
    retryText:
      'Contoh ini mencoba sampai lima kali saat tidak ada jawaban, 409, 429, atau 5xx. Karena `Idempotency-Key` sama, pesannya tetap terkirim satu kali saja.',
    choose: 'Bahasa contoh',
  },
  practices: {
    title: 'Best Practices',
    items: {
      token: [
        'Keamanan Token',
        'Jangan hardcode token di kode. Gunakan environment variables atau secrets management.',
      ],
      rate: ['Rate Limiting', 'API memiliki rate limit. Implementasikan retry logic dengan exponential backoff.'],
      quota: ['Monitor Quota', 'Gunakan endpoint GET /device untuk cek remaining quota sebelum kirim banyak pesan.'],
      errors: ['Handle Errors', 'Selalu cek response status dan handle error dengan baik (401, 403, 422, 500).'],
      numbers: ['Format Nomor', 'Gunakan format internasional (62xxx) tanpa tanda + atau spasi.'],
      once: [
        'Jangan kirim dua kali',
        'Kirim `Idempotency-Key` bersama setiap pesan penting, dan ulangi request dengan key yang sama jika koneksi putus.',
      ],
    },
  },
};
