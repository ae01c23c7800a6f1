/** A cell of the comb with the bot's first letter. */
export const BotMark = ({ name }: { readonly name: string }) => (
  <span className="bot-mark" aria-hidden="true">
    <svg viewBox="0 0 32 32" focusable="false"><path d="M16 2.6 27.6 9.3v13.4L16 29.4 4.4 22.7V9.3z" /></svg>
    <span>{String.fromCodePoint(name.codePointAt(0) ?? 63).toUpperCase()}</span>
  </span>
)
