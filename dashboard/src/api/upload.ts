import { failureOf, offline } from './failure.ts';

/** Sends a form and tells how much of it has left, from 0 to 1: `fetch` cannot say that. Rejects with ApiFailure. */
export function upload(url: string, form: FormData, onProgress: (part: number) => void, signal: AbortSignal) {
  return new Promise<unknown>((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open('POST', url);
    request.setRequestHeader('Accept', 'application/json');
    request.upload.onprogress = ({ loaded, total, lengthComputable }) => {
      if (lengthComputable && total > 0) onProgress(loaded / total);
    };
    request.onload = () => {
      const body = parse(request.responseText);
      const headers = { get: (name: string) => request.getResponseHeader(name) };
      if (request.status >= 200 && request.status < 300) resolve(body);
      else reject(failureOf(request.status, body, headers));
    };
    request.onerror = () => reject(offline(new Error('the upload broke off')));
    request.onabort = () => reject(signal.reason);
    request.onloadend = () => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort);
    request.send(form);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: a proxy's page. The status says what there is to say.
    return null;
  }
}
