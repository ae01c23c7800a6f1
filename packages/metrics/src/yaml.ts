/** What can be written as YAML: JSON's values. */
export type YamlValue = string | number | boolean | readonly YamlValue[] | { readonly [key: string]: YamlValue }

/** Writes YAML in block style. Every string is quoted as in JSON, which is YAML too; so nothing is ever read as something else. */
export const toYaml = (value: YamlValue, indent = ''): string => {
  if (Array.isArray(value)) {
    const items = value as readonly YamlValue[]
    return items.length === 0 ? `${indent}[]\n` : items.map(item => `${indent}- ${toYaml(item, `${indent}  `).trimStart()}`).join('')
  }
  if (typeof value === 'object') {
    const entries = Object.entries(value as Readonly<Record<string, YamlValue>>)
    return entries.length === 0 ? `${indent}{}\n` : entries.map(([key, inner]) => {
      const name = /^[a-zA-Z_][\w]*$/.test(key) ? key : JSON.stringify(key)
      const isEmpty = typeof inner === 'object' && Object.keys(inner).length === 0
      return typeof inner !== 'object' || isEmpty ? `${indent}${name}: ${toYaml(inner).trimStart()}` : `${indent}${name}:\n${toYaml(inner, `${indent}  `)}`
    }).join('')
  }
  return `${indent}${JSON.stringify(value)}\n`
}
