declare global {
  // The name that get-nonce (scroll locking of dialogs) reads.
  var __webpack_nonce__: string | undefined;
}

/** The nonce of this page's content security policy, as the server wrote it into the head. Empty in development. */
export const nonce: string = readNonce();
globalThis.__webpack_nonce__ = nonce;

function readNonce(): string {
  const written = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
  return written.startsWith('__') ? '' : written;
}
