import { useTranslation } from 'react-i18next';

/** One tick: sent; two: delivered; two in blue: read. */
export function Ticks({ ticks }: { readonly ticks: 'sent' | 'delivered' | 'read' | null }) {
  const { t } = useTranslation('sandbox');
  if (ticks === null) return null;
  return (
    <svg
      viewBox="0 0 18 11"
      width="16"
      height="10"
      role="img"
      aria-label={t(`ticks.${ticks}`)}
      className={`ticks ${ticks}`}
    >
      <path d="M1 6l3.2 3.5L11 1.5" />
      {ticks !== 'sent' && <path d="M7.5 8.2l1.2 1.3L16 1.5" />}
    </svg>
  );
}
