/** The part of JSON Schema that our own schema uses. */
interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean
  readonly items?: Schema
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly if?: Schema
  readonly then?: Schema
}

const patterns = new Map<string, RegExp>()
const patternOf = (source: string): RegExp => {
  const known = patterns.get(source) ?? new RegExp(source, 'u')
  patterns.set(source, known)
  return known
}

/** Says where a value first departs from a schema, and how; undefined where it does not. */
export const departure = (value: unknown, schema: Schema, at = 'The document'): string | undefined => {
  if ('const' in schema && value !== schema.const) return `${at} must be ${JSON.stringify(schema.const)}.`
  if (schema.enum && !schema.enum.includes(value)) return `${at} must be one of ${schema.enum.join(', ')}.`
  switch (schema.type) {
    case 'string': return stringDeparture(value, schema, at)
    case 'integer': {
      const fits = Number.isInteger(value) && (value as number) >= (schema.minimum ?? -Infinity) && (value as number) <= (schema.maximum ?? Infinity)
      return fits ? undefined : `${at} must be a whole number from ${schema.minimum} to ${schema.maximum ?? 'any'}.`
    }
    case 'array': {
      if (!Array.isArray(value)) return `${at} must be an array.`
      for (const [i, item] of value.entries()) {
        const wrong = departure(item, schema.items ?? {}, `${at}, item ${i},`)
        if (wrong) return wrong
      }
      return undefined
    }
    case 'object': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${at} must be an object.`
      return objectDeparture(value as Readonly<Record<string, unknown>>, schema, at)
    }
    default: return typeof value === 'object' && value !== null ? objectDeparture(value as Readonly<Record<string, unknown>>, schema, at) : undefined
  }
}

const stringDeparture = (value: unknown, { minLength = 0, maxLength = Infinity, pattern }: Schema, at: string): string | undefined => {
  if (typeof value !== 'string') return `${at} must be a string.`
  // JSON Schema counts characters, not UTF-16.
  const length = value.length > maxLength || value.length < 2 ? Array.from(value).length : value.length
  if (length < minLength || length > maxLength) return `${at} must have ${minLength} to ${maxLength} characters.`
  return pattern === undefined || patternOf(pattern).test(value) ? undefined : `${at} does not have the right form.`
}

const objectDeparture = (value: Readonly<Record<string, unknown>>, schema: Schema, at: string): string | undefined => {
  for (const name of schema.required ?? []) if (!Object.hasOwn(value, name)) return `${at} lacks "${name}".`
  for (const [name, item] of Object.entries(value)) {
    const property = Object.hasOwn(schema.properties ?? {}, name) ? schema.properties?.[name] : undefined
    if (!property && schema.additionalProperties === false) return `${at} may not have "${name}".`
    const wrong = property && departure(item, property, at === 'The document' ? `"${name}"` : `${at} "${name}"`)
    if (wrong) return wrong
  }
  if (schema.if && schema.then && departure(value, schema.if) === undefined) return departure(value, schema.then, at)
  return undefined
}
