const paths = {
  back: 'M10 3.5 5.5 8l4.5 4.5',
  check: 'm3.5 8.5 3 3 6-7',
  chevron: 'm6 4 4 4-4 4',
  clock: 'M8 4.5V8l2.5 1.5M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z',
  copy: 'M5.5 5.5v-3h8v8h-3m-8-5h8v8h-8z',
  cross: 'm4 4 8 8m0-8-8 8',
  down: 'M8 3v9.5M4 8.5l4 4 4-4',
  pause: 'M5.5 3.5v9m5-9v9',
  pencil: 'M3 13l.7-3L10.5 3.2a1.4 1.4 0 0 1 2 0l.3.3a1.4 1.4 0 0 1 0 2L6 12.3z',
  play: 'M5 3.2v9.6L12.5 8z',
  plus: 'M8 3v10M3 8h10',
  restart: 'M13 8a5 5 0 1 1-1.6-3.7M13.2 2v3h-3',
  send: 'M8 13V3.5M3.8 7.5 8 3.2l4.2 4.3',
  sliders: 'M2.5 5h6m4 0h1M2.5 11h1m4 0h6M10.5 3.2v3.6M5.5 9.2v3.6',
  stop: 'M4.2 4.2h7.6v7.6H4.2z',
  trash: 'M2.8 4.5h10.4M6.2 4.5V2.8h3.6v1.7m-5.4 0 .6 8.7h6l.6-8.7',
  warning: 'M8 6v3.2m0 2v.1M8 2.2 14.5 13.5h-13z',
  dots: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  terminal: 'm3 5 3 3-3 3m4.5 0H13',
} as const

export type IconName = keyof typeof paths

/** A small drawing beside words that say the same: it is hidden from those who listen. */
export const Icon = ({ name, className = '' }: { readonly name: IconName; readonly className?: string }) => (
  <svg className={`icon ${className}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path d={paths[name]} />
  </svg>
)
