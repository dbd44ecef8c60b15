/** The product's mark: a lens on a cross-hair. */
export function Logo({ sizePx }: { readonly sizePx: number }) {
  return (
    <svg width={sizePx} height={sizePx} viewBox="0 0 32 32" aria-hidden focusable="false">
      <rect width="32" height="32" rx="8" fill="#0b5f66" />
      <circle cx="16" cy="16" r="9" fill="none" stroke="#eafaf9" strokeWidth="2.6" />
      <path
        d="M16 7v4.6M16 20.4V25M7 16h4.6M20.4 16H25"
        stroke="#eafaf9"
        strokeWidth="2.6"
        strokeLinecap="round"
      />
      <circle cx="16" cy="16" r="2.6" fill="#5fd4c8" />
    </svg>
  );
}
