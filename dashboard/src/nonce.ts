declare global {
  // The name that get-nonce (scroll locking of dialogs) reads.
  var __webpack_nonce__: string | undefined;
}

/** The nonce of this page's content security policy, as the server wrote it into the head. Empty in development. */
export const nonce: string = readNonce();
globalThis.__webpack_nonce__ = nonce;

function readNonce(): string {
  const written = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
  // Compared whole: one nonce of 4,096 begins with two underscores by itself, and its page lost the styles that the library makes.
  return written === '__CSP_NONCE__' ? '' : written;
}
