import {
  asArray,
  asFields,
  asText,
  checkExtensions,
  checkIri,
  checkLanguageMap,
  refuse,
  refuseUnknown,
} from './value-validation.ts'

/** @throws StatementError when it is no activity, or its definition breaks a rule (1.0.3, Data 2.4.4.1). */
export function checkActivity(value: unknown, at: string): void {
  const activity = asFields(value, at)
  for (const key in activity) {
    if (key === 'definition') checkDefinition(activity['definition'], `${at}/definition`)
    else if (key === 'objectType') {
      if (activity['objectType'] !== 'Activity') refuse(`${at}/objectType`, 'must be Activity')
    } else if (key !== 'id') refuseUnknown(at, key)
  }
  checkIri(activity['id'], `${at}/id`)
}

function checkDefinition(value: unknown, at: string): void {
  const definition = asFields(value, at)
  let needsInteraction: string | undefined
  for (const key in definition) {
    const part = definition[key]
    switch (key) {
      case 'name':
      case 'description':
        checkLanguageMap(part, `${at}/${key}`)
        break
      case 'type':
      case 'moreInfo':
        checkIri(part, `${at}/${key}`)
        break
      case 'extensions':
        checkExtensions(part, `${at}/extensions`)
        break
      case 'interactionType':
        if (typeof part !== 'string' || !interactionTypes.has(part))
          refuse(`${at}/interactionType`, `must be one of ${[...interactionTypes].join(', ')}`)
        break
      case 'correctResponsesPattern':
        needsInteraction = key
        asArray(part, `${at}/${key}`).forEach((pattern, index) => asText(pattern, `${at}/${key}`, `${index}`))
        break
      case 'choices':
      case 'scale':
      case 'source':
      case 'target':
      case 'steps':
        needsInteraction = key
        checkComponents(part, `${at}/${key}`)
        break
      default:
        refuseUnknown(at, key)
    }
  }
  if (needsInteraction !== undefined && definition['interactionType'] === undefined)
    refuse(`${at}/interactionType`, `is missing, though there is ${needsInteraction}`)
}

const interactionTypes = new Set([
  'true-false',
  'choice',
  'fill-in',
  'long-fill-in',
  'matching',
  'performance',
  'sequencing',
  'likert',
  'numeric',
  'other',
])

function checkComponents(value: unknown, at: string): void {
  const components = asArray(value, at)
  const ids = new Set<string>()
  for (let index = 0; index < components.length; index++) {
    const here = `${at}/${index}`
    const component = asFields(components[index], here)
    for (const key in component) {
      if (key === 'description') checkLanguageMap(component['description'], `${here}/description`)
      else if (key !== 'id') refuseUnknown(here, key)
    }
    const id = asText(component['id'], here, 'id')
    if (ids.has(id)) refuse(`${here}/id`, 'must differ from those before it')
    ids.add(id)
  }
}
