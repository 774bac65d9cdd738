import type { FailureTexts } from '../shape.ts';

const texts: FailureTexts = {
  bad_request: 'Periksa bentuk request (URL, header, form); alasannya ada di kalimatnya.',
  malformed_json: 'Perbaiki JSON-nya; pakai pustaka JSON, jangan menyusun teks sendiri.',
  device_not_connected: 'Hubungkan lagi device dari dashboard, atau kirim dengan `when_offline: "hold"`.',
  number_not_registered: 'Periksa nomornya, atau minta penerima mengaktifkan WhatsApp. Jangan diulang.',
  media_unreachable:
    'Buka URL-nya tanpa login. Alamat harus publik, paling besar {mediaMb} MB, selesai dalam {mediaSeconds} detik.',
  refused_by_whatsapp:
    '463: tunggu sebelum memulai chat baru; chat yang sudah dibalas tetap jalan. Ikuti saran di kalimatnya.',
  send_failed: 'Lihat alasannya, lalu kirim lagi sebagai pesan baru.',
  message_expired: 'Pesan terlalu lama menunggu. Kirim lagi, atau beri `expires_in` yang lebih panjang.',
  message_cancelled: 'Pesan dibatalkan. Tidak ada yang terkirim.',
  invalid_token: 'Periksa header `Authorization: Bearer …`. Token lama mati setelah regenerate.',
  not_signed_in: 'Masuk lagi ke dashboard.',
  invalid_link: 'Minta tautan baru.',
  wrong_credentials: 'Periksa email dan kata sandi, atau pakai “lupa kata sandi”.',
  code_required: 'Masukkan juga kode dari aplikasi autentikator.',
  wrong_code: 'Masukkan kode terbaru dari aplikasi autentikator.',
  quota_exhausted: 'Naikkan paket, atau tunggu masa langganan berikutnya. `remaining_quota` bernilai 0.',
  subscription_expired: 'Perpanjang paket dari dashboard.',
  device_suspended: 'Hubungi administrator server ini.',
  account_suspended: 'Hubungi administrator server ini.',
  device_limit_reached: 'Hapus satu device, atau naikkan paket.',
  recipient_opted_out: 'Penerima membalas STOP. Jangan kirim lagi sampai ia menulis kepada Anda.',
  not_allowed: 'Minta pemilik akun mengubah peran Anda.',
  foreign_site: 'Buka dashboard dari alamatnya sendiri.',
  sign_up_closed: 'Minta akun kepada administrator.',
  not_found: 'Periksa alamat dan id-nya. Data milik device lain juga dijawab begini.',
  method_not_allowed: 'Pakai method yang disebut di kalimatnya.',
  request_timeout: 'Kirim header dalam satu menit dan seluruh body dalam lima menit; periksa koneksi, lalu ulangi.',
  idempotency_in_progress: 'Tunggu sebentar, lalu ulangi request yang sama.',
  not_cancellable: 'Pesan sudah terkirim atau sudah selesai; tidak ada yang bisa dibatalkan.',
  device_busy: 'Tunggu sampai device berada di keadaan yang disebut.',
  media_gone:
    'Pastikan ponsel pengirim atau ponsel Anda online, lalu coba lagi. WhatsApp menyimpan file beberapa minggu saja.',
  too_many_webhooks: 'Hapus satu webhook dulu.',
  already_decided: 'Muat ulang; permintaan ini sudah diputuskan.',
  last_owner: 'Jadikan orang lain pemilik lebih dulu.',
  body_too_large: 'Kecilkan body; untuk file besar pakai `media_url`.',
  unsupported_media_type: 'Kirim `Content-Type: application/json` (atau form untuk unggahan).',
  validation_failed: 'Lihat `errors`: field mana dan aturan apa. Jangan diulang tanpa diubah.',
  idempotency_mismatch: 'Pakai key baru untuk pesan baru.',
  rate_limited: 'Tunggu sesuai `Retry-After`, lalu ulangi.',
  temporarily_unavailable:
    'Tunggu sesuai `Retry-After`, lalu ulangi dengan `Idempotency-Key` yang sama. Belum ada yang diterima, kecuali `message` mengatakan mungkin sudah.',
  whatsapp_unavailable: 'Tunggu satu menit, lalu ulangi: WhatsApp memutus yang terlalu sering bertanya.',
  internal_error:
    'Ulangi dengan `Idempotency-Key` yang sama; jika tetap gagal, beri tahu administrator `request_id`-nya.',
};
export default texts;
