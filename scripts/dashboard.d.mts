export function isStale(root: string): boolean;
export function buildWhenStale(root: string, node: string, say: (sentence: string) => void): Promise<number>;
