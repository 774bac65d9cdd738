/** How long a device is a node's own without being renewed. */
export const LEASE_MS = 12_000;
