import { failureOf, offline } from '../../api/failure.ts';

/** Fetches a file, tells how many bytes have come, and hands it to the browser as a download. Rejects with ApiFailure. */
export async function download(
  url: string,
  name: string,
  onReceived: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: 'same-origin', signal });
  } catch (error) {
    throw signal.aborted ? error : offline(error);
  }
  if (!response.ok || response.body === null)
    throw failureOf(response.status, await bodyOf(response), response.headers);
  const parts: BlobPart[] = [];
  let received = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    received += value.length;
    onReceived(received);
  }
  const address = URL.createObjectURL(new Blob(parts, { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    // A proxy's page; the status says what there is to say.
    return null;
  }
}
