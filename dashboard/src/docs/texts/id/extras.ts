/** What this server adds to the contract document, and the words around the page. */
export default {
  page: {
    title: 'Dokumentasi API',
    contents: 'Daftar isi',
    link: 'Tautan ke bagian ini: {title}',
    groups: {
      basics: 'Dasar',
      endpoints: 'Endpoint',
      sending: 'Pengiriman',
      receiving: 'Pesan masuk',
      practice: 'Praktik',
    },
    reference: 'Referensi lengkap (OpenAPI)',
    signIn: 'Masuk',
    dashboard: 'Dashboard',
    code: 'Kode',
  },
  oneMessage: {
    title: '/messages/{id}',
    lead: 'Satu pesan dengan keadaannya sekarang. `{id}` adalah `data.id` dari jawaban pengiriman. Pesan milik device lain dijawab 404.',
    cancel: 'Batalkan pesan yang menunggu',
    cancelText:
      'Membatalkan pesan yang belum diserahkan ke WhatsApp, dan mengembalikan kuotanya. Pesan yang sudah terkirim dijawab 409 `not_cancellable`.',
  },
  options: {
    title: 'Opsi pengiriman',
    lead: 'Semua field ini opsional, untuk `/send-message` dan `/send-media`. Field yang tidak dikenal diabaikan.',
    head: ['Field', 'Nilai', 'Arti'],
    rows: {
      ref: [
        'teks, maks. {keyLength}',
        'Id milik Anda (nomor pesanan, faktur). Disimpan, dan tampil di riwayat dan webhook.',
      ],
      async: ['`true` | `false`', 'Langsung dijawab 202 tanpa menunggu WhatsApp. Default `false`.'],
      scheduled_at: [
        'ISO 8601 atau detik Unix',
        'Tidak dikirim sebelum waktu ini, contoh `2025-12-10T10:00:00+07:00`. Langsung dijawab 202.',
      ],
      when_offline: [
        '`hold` | `fail`',
        '`hold`: saat device tidak terhubung, pesan menunggu, bukan gagal. Default `fail`: 400 `device_not_connected`.',
      ],
      expires_in: [
        'detik, 1 sampai {expiresInMost}',
        'Paling lama menunggu. Setelah itu pesan tidak dikirim lagi dan kuotanya kembali. Default {expiresIn} (satu hari).',
      ],
      priority: [
        '`high` | `normal` | `low`',
        '`high` mendahului `normal`, `normal` mendahului `low`. `high` (misalnya OTP) juga dikirim di jam tenang. Default `normal`.',
      ],
      reply_to: [
        '`data.id` inbox atau `message_id`',
        'Pesan yang dijawab, tampil sebagai kutipan. Harus dari chat yang sama.',
      ],
      show_typing: [
        '`true` | `false`',
        'Menampilkan “mengetik…” sebelum pesan, sepadan dengan panjangnya. Default `true`.',
      ],
    },
    example: 'Contoh: terjadwal, dengan id milik Anda',
  },
  recipients: {
    title: 'Format nomor tujuan',
    lead: 'Nomor dirapikan di satu tempat, dan jawaban menyebut nomor yang dipakai di `data.recipient`. Nomor tanpa kode negara dianggap nomor negara device (default 62).',
    head: ['Ditulis', 'Menjadi'],
    asIs: 'seperti tertulis: + atau 00 di depan mengalahkan negara default',
    number: 'nomornya',
    chat: 'chat itu; `GET /groups` menyebut grup milik device. Saluran (`…@newsletter`) hanya menerima teks',
    refused:
      'Huruf, kurang dari 8 atau lebih dari 15 angka dijawab 422. Begitu juga `6.28123E+12` dari spreadsheet: ubah format kolomnya menjadi teks.',
  },
  idempotency: {
    title: 'Idempotency-Key',
    lead: 'Jika koneksi putus sebelum jawaban datang, Anda tidak tahu apakah pesan terkirim. Kirim header `Idempotency-Key` berisi kata milik Anda (maks. {keyLength} karakter), lalu ulangi dengan key yang sama: pesan tidak akan terkirim dua kali.',
    items: [
      'Key dan body sama dalam {keyHours} jam: jawaban pertama diberikan lagi, dengan header `Idempotency-Replayed: true`.',
      'Request pertama masih berjalan: 409 `idempotency_in_progress`. Tunggu, lalu ulangi.',
      'Key sama, body lain: 422 `idempotency_mismatch`. Pesan baru perlu key baru.',
      'Penolakan yang bisa berlalu (device tidak terhubung, kuota habis, rate limit) tidak diingat: setelah diperbaiki, key yang sama boleh dipakai lagi.',
    ],
  },
  waiting: {
    title: 'Mengapa pesan menunggu',
    lead: 'Selama pesan `pending`, `waiting_for` menyebut alasannya, `waiting_reason` rinciannya, dan `waiting_until` perkiraan waktunya.',
    head: ['`waiting_for`', 'Alasan'],
    rows: {
      pacing: 'Menunggu giliran: pesan dikirim sepelan manusia. Lihat [Pacing](#pacing).',
      device_offline: 'Device sedang tidak terhubung, dan pesan dikirim dengan `when_offline: "hold"`.',
      schedule: 'Menunggu `scheduled_at`.',
      retry: 'Ada gangguan sementara; sebentar lagi dicoba lagi. `waiting_reason` menyebut apa yang gagal.',
    },
  },
  pacing: {
    title: 'Pacing',
    lead: 'WhatsApp membatasi nomor yang menulis seperti mesin, terutama kepada orang yang tidak pernah membalas (error 463). Karena itu setiap device mengirim sepelan manusia. Semua angka bisa diubah per device di dashboard. Device sandbox tanpa pacing.',
    head: ['`waiting_reason`', 'Default', 'Mengapa'],
    rows: {
      gap: [
        '{gapShortest}–{gapLongest} detik antara dua pesan, acak',
        'Begitulah orang mengirim pesan satu per satu. `high` hanya menunggu yang terpendek.',
      ],
      recipient_gap: ['{recipientGap} detik ke nomor yang sama', 'Orang tidak menulis beberapa pesan dalam sekejap.'],
      per_minute: ['{perMinute} per menit', 'Sebanyak yang ditulis toko yang ramai dengan balasan cepat.'],
      per_hour: ['{perHour} per jam', 'Sama, untuk satu jam.'],
      per_day: ['{perDay} per hari', 'Sama, untuk satu hari.'],
      new_conversations: [
        '{newFirstDay} percakapan baru di hari pertama, naik sampai {newPerDay} per hari setelah {warmUpDays} hari',
        'Error 463 paling dulu mengenai nomor baru yang membuka banyak chat.',
      ],
      quiet_hours: ['tidak ada', 'Jam tenang bisa diatur, dalam zona waktu akun. `high` tetap dikirim.'],
      time_lock: ['—', 'WhatsApp sendiri (463) untuk sementara melarang nomor ini memulai chat baru.'],
    },
    promise: 'Di luar WhatsApp tidak ada yang tahu batas sebenarnya: risiko bisa dikurangi, tidak bisa dihilangkan.',
  },
  sandbox: {
    title: 'Nomor sandbox',
    lead: 'Device sandbox menjalankan kode yang sama tanpa WhatsApp sungguhan: untuk mengembangkan dan menguji (CI) tanpa ponsel dan tanpa kuota. Nomor berikut selalu berperilaku sama; nomor lain langsung menerima pesan, tanpa membacanya.',
    group:
      'Setiap device sandbox juga ada di satu grup, `Sandbox`, bersama `628990000001` dan `628990000006`: `GET /groups` memberi id-nya; yang Anda kirim ke sana dibaca, dan kembali sebagai pesan masuk dari grup.',
    head: ['Nomor', 'Perilaku', 'Yang Anda lihat'],
    rows: {
      '628990000001': ['Langsung sampai dan dibaca', '200, lalu `state: "read"`'],
      '628990000002': ['Sampai setelah 30 detik', '200, lalu `delivered` setelah 30 detik'],
      '628990000003': ['Tidak terdaftar di WhatsApp', '400 `number_not_registered`'],
      '628990000004': ['Ditolak dengan kode 463', '400 `refused_by_whatsapp`'],
      '628990000005': ['Tidak pernah dikonfirmasi', '202 `pending` setelah {waitSeconds} detik'],
      '628990000006': ['Membalas dengan teks yang sama', '200, lalu pesan masuk (`message.received`)'],
      '628990000007': ['Membalas STOP', '200, lalu pesan masuk dengan `opt_out: true`'],
    },
  },
  limits: {
    title: 'Batas dan header',
    lead: 'Header ini ada di jawaban, dan memberi tahu berapa yang tersisa.',
    head: ['Header', 'Arti'],
    rows: {
      'X-Request-Id': 'Id request; sebutkan saat melapor ke administrator.',
      'RateLimit-Limit': 'Request per menit untuk token ini (default {ratePerMinute}, atau menurut paket).',
      'RateLimit-Remaining': 'Sisanya sekarang.',
      'RateLimit-Reset': 'Detik sampai penuh kembali.',
      'X-Quota-Remaining': 'Sisa kuota pesan. Tidak ada pada device sandbox.',
      'Retry-After':
        'Hanya pada 429 dan 503: tunggu sekian detik. Setelah 300 penolakan dalam satu menit, setiap jawaban berikutnya terlambat satu detik.',
    },
    body: 'Body JSON paling besar {bodyMb} MB.',
  },
  errors: {
    title: 'Kode error',
    lead: 'Kalimat di `message` untuk manusia, `code` untuk program: kode tidak akan berubah. Pada 422, `errors` menyebut field dan aturannya.',
    head: ['Status', 'Kode', 'Kalimat', 'Yang perlu dilakukan'],
    forTokens: 'Untuk program dengan token',
    forPeople: 'Hanya di dashboard',
  },
  tryIt: {
    title: 'Coba langsung',
    lead: 'Kirim pesan sungguhan dari salah satu device Anda, langsung dari halaman ini.',
    visitor: 'Masuk dulu untuk mengirim dari device Anda sendiri.',
    noDevice: 'Belum ada device. Buat satu di dashboard; device sandbox tidak memerlukan ponsel.',
    toDevices: 'Ke daftar device',
    viewer: 'Peran Anda hanya boleh melihat. Mintalah pemilik akun untuk mengubahnya.',
    device: 'Dari device',
    offline: 'tidak terhubung',
    simulated:
      'Device ini sandbox: pesan masuk ke ponsel simulasi di server ini. Nomor apa pun yang diketik, tidak ada yang menerimanya di WhatsApp.',
    recipient: 'Ke nomor',
    message: 'Pesan',
    hello: 'Halo dari halaman dokumentasi!',
    send: 'Kirim',
    answer: 'Jawaban server',
    session: 'Dikirim lewat dashboard, jadi tanpa token; jawabannya memuat semua yang diketahui tentang pesan ini.',
    required: 'Wajib diisi.',
  },
};
