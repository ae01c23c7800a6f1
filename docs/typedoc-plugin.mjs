// The rule for what must be documented: every export and every member of an interface. A member of an inline object type
// (`{ kind: 'exit', code: number }` in a union, a shape inferred from a schema) is spoken for by the type it stands in.
import { Converter, ReflectionKind } from 'typedoc'

export const load = app => {
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const inline = project.getReflectionsByKind(ReflectionKind.Property)
      .filter(member => !member.hasComment() && within(member, ReflectionKind.TypeLiteral) && !within(member, ReflectionKind.Parameter))
      .filter(member => project.getSymbolIdFromReflection(member)?.packageName === project.packageName)
    app.options.setValue('intentionallyNotDocumented', [...new Set(inline.map(member => member.getFriendlyFullName()))])
  })
}

const within = ({ parent }, kind) => parent !== undefined && (parent.kindOf(kind) || within(parent, kind))
