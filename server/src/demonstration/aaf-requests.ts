// Requests of a delta, made of two renderings of a record. A value holds no line end: an attribute is a line.

const attribute = /^<attr name="([^"]+)">(.*)<\/attr>$/gm

function attributesOf(text: string): Map<string, string> {
  const body = text.slice(text.indexOf('<attributes>'))
  return new Map(Array.from(body.matchAll(attribute), ([, name, values]) => [name!, values!]))
}

/** What comes before the attributes: the category and the identifier. */
const headOf = (text: string) => text.slice('<addRequest>\n'.length, text.indexOf('<attributes>'))

/** The request that makes of a record, as it was written, another. An attribute no longer written is emptied. */
export function toModification(before: string, after: string): string {
  const former = attributesOf(before)
  const present = attributesOf(after)
  let changes = ''
  for (const name of new Set([...former.keys(), ...present.keys()])) {
    const values = present.get(name) ?? '<value/>'
    if (former.get(name) === values) continue
    changes += `<modification name="${name}" operation="replace">${values}</modification>\n`
  }
  return `<modifyRequest>\n${headOf(after)}<modifications>\n${changes}</modifications>\n</modifyRequest>\n\n`
}

/** The request that deletes a record. */
export function toDeletion(before: string): string {
  return `<deleteRequest>\n${headOf(before)}</deleteRequest>\n\n`
}
