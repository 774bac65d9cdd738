/** A speech bubble with a gate in it. */
export function Logo({ size = 28 }: { readonly size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden="true" focusable="false">
      <path
        fill="var(--mantine-primary-color-filled)"
        d="M9 2h14a7 7 0 0 1 7 7v10a7 7 0 0 1-7 7h-9.2l-5.6 3.7c-.9.6-2.2 0-2.2-1.2V25.6A7 7 0 0 1 2 19V9a7 7 0 0 1 7-7Z"
      />
      <path
        fill="none"
        stroke="var(--mantine-primary-color-contrast)"
        strokeWidth="2.4"
        strokeLinecap="round"
        strokeLinejoin="round"
        d="M10 20.5v-6.2a6 6 0 0 1 12 0v6.2M16 20.5v-4.2"
      />
    </svg>
  );
}
