import type { FailureTexts } from '../shape.ts';

const texts: FailureTexts = {
  bad_request: 'Check the shape of the request (URL, headers, form); the sentence tells what is wrong.',
  malformed_json: 'Mend the JSON; use a JSON library instead of putting text together.',
  device_not_connected: 'Connect the device again in the dashboard, or send with `when_offline: "hold"`.',
  number_not_registered: 'Check the number, or ask the recipient to activate WhatsApp. Do not retry.',
  media_unreachable:
    'Open the URL without signing in. It must be public, at most {mediaMb} MB, and done within {mediaSeconds} seconds.',
  refused_by_whatsapp:
    '463: wait before you open new chats; chats that were answered go on. Follow the advice in the sentence.',
  send_failed: 'Look at the reason, then send it again as a new message.',
  message_expired: 'The message waited too long. Send it again, or give a longer `expires_in`.',
  message_cancelled: 'The message was cancelled. Nothing was sent.',
  invalid_token: 'Check the header `Authorization: Bearer …`. The old token dies when it is regenerated.',
  not_signed_in: 'Sign in to the dashboard again.',
  invalid_link: 'Ask for a new link.',
  wrong_credentials: 'Check e-mail and password, or use “forgot password”.',
  code_required: 'Enter the code of your authenticator app as well.',
  wrong_code: 'Enter the newest code of your authenticator app.',
  quota_exhausted: 'Upgrade the package, or wait for the next period. `remaining_quota` is 0.',
  subscription_expired: 'Renew the package in the dashboard.',
  device_suspended: 'Contact the administrator of this server.',
  account_suspended: 'Contact the administrator of this server.',
  device_limit_reached: 'Delete a device, or upgrade the package.',
  recipient_opted_out: 'The recipient answered STOP. Write again only after they have written to you.',
  not_allowed: 'Ask the owner of the account to change your role.',
  foreign_site: 'Open the dashboard under its own address.',
  sign_up_closed: 'Ask the administrator for an account.',
  not_found: 'Check the address and the id. What belongs to another device answers the same.',
  method_not_allowed: 'Use a method that the sentence names.',
  idempotency_in_progress: 'Wait a moment, then repeat the same request.',
  not_cancellable: 'The message is sent or done with; there is nothing to cancel.',
  device_busy: 'Wait until the device is in the state that is named.',
  media_gone:
    'See that the sender’s or your own phone is online and try again. WhatsApp keeps files for some weeks only.',
  too_many_webhooks: 'Delete a webhook first.',
  already_decided: 'Reload; this request was decided.',
  last_owner: 'Make somebody else the owner first.',
  body_too_large: 'Make the body smaller; for large files use `media_url`.',
  unsupported_media_type: 'Send `Content-Type: application/json` (or a form for uploads).',
  validation_failed: 'See `errors`: which field and which rule. Do not retry without a change.',
  idempotency_mismatch: 'Use a new key for a new message.',
  rate_limited: 'Wait as `Retry-After` says, then repeat.',
  temporarily_unavailable:
    'Wait as `Retry-After` says, then repeat with the same `Idempotency-Key`. Nothing was accepted, unless `message` says that it may have been.',
  internal_error: 'Repeat with the same `Idempotency-Key`; if it goes on, tell the administrator the `request_id`.',
};
export default texts;
