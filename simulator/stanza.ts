import type { BinaryNode } from 'baileys';

/** One XML-like node as it goes over the wire. */
export type Stanza = BinaryNode;
type Attributes = Readonly<Record<string, string | number | undefined>>;

/**
 * Builds a node. Attributes that are undefined are left out and numbers become text: a number in an attribute
 * gives a frame that Baileys cannot decode, and there it is an unhandled rejection.
 */
export function stanza(tag: string, attributes: Attributes = {}, content?: BinaryNode['content']): Stanza {
  const attrs: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) attrs[name] = String(value);
  return content === undefined ? { tag, attrs } : { tag, attrs, content };
}

export function children(node: Stanza | undefined, tag?: string): Stanza[] {
  if (!node || !Array.isArray(node.content)) return [];
  return tag === undefined ? node.content : node.content.filter((one) => one.tag === tag);
}

export function child(node: Stanza | undefined, tag: string): Stanza | undefined {
  return children(node, tag)[0];
}

export function firstChild(node: Stanza | undefined): Stanza | undefined {
  return children(node)[0];
}

/** The content as bytes; content that happens to be a token arrives as a string, so both are taken. */
export function bytes(node: Stanza | undefined): Buffer | undefined {
  if (!node || node.content === undefined || Array.isArray(node.content)) return undefined;
  return typeof node.content === 'string' ? Buffer.from(node.content, 'utf8') : Buffer.from(node.content);
}

export function text(node: Stanza | undefined): string | undefined {
  return bytes(node)?.toString('utf8');
}

export function needBytes(node: Stanza | undefined, what: string): Buffer {
  const found = bytes(node);
  if (!found) throw new Error(`stanza without ${what}`);
  return found;
}

export function bigEndian(value: number, length: number): Buffer {
  const out = Buffer.alloc(length);
  out.writeUIntBE(value, 0, length);
  return out;
}

export function fromBigEndian(data: Uint8Array): number {
  return data.length === 0 ? 0 : Buffer.from(data).readUIntBE(0, Math.min(data.length, 6));
}
