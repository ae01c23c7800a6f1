import type { ReactNode, Ref } from 'react'

export interface ScrollAreaProps {
  /** What is in it, for those who listen. */
  readonly label: string
  /** Whether it is a place of the page, and not one of many like it. */
  readonly landmark?: boolean
  readonly className?: string
  readonly children: ReactNode
  readonly ref?: Ref<HTMLElement>
}

/** Something that scrolls by itself, which a keyboard must be able to reach and to scroll. */
export const ScrollArea = ({ label, landmark = false, className = '', children, ref }: ScrollAreaProps) => (
  // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- without it, only a mouse could scroll it
  <section ref={ref} className={`scroll-area ${className}`} tabIndex={0} role={landmark ? undefined : 'group'} aria-label={label}>
    {children}
  </section>
)
