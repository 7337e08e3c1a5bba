import type { Day } from '#kernel/time'
import { attributeNames, type Attributes, type Degree, toLines } from './aaf-attributes.ts'
import { type FeedContext, keysOf } from './records.ts'

/** What records of an AAF feed are read against. */
export interface AafContext extends FeedContext {
  degree: Degree
}

/** The names and addresses of anyone, and the keys they are searched by. */
export function readPerson(source: Attributes, degree: Degree, bornOn: Day | undefined) {
  const names = attributeNames[degree]
  const familyName = source.name(names.familyName, 100)
  const givenName = source.name(names.givenName, 100)
  const others = source.list('ENTPersonAutresPrenoms').join(' ')
  const birthName = source.text('ENTPersonNomPatro')
  return {
    person: {
      familyName,
      givenName,
      otherGivenNames: others === givenName ? undefined : others || undefined,
      birthFamilyName: birthName === familyName ? undefined : birthName,
      title: source.text(names.title),
      bornOn,
      email: source.text(names.email),
      phone: source.text(names.phone),
      mobile: source.text(names.mobile),
      workPhone: source.text(names.workPhone),
      street: toLines(source.text('ENTPersonAdresse')),
      postalCode: source.text('ENTPersonCodePostal'),
      town: source.text('ENTPersonVille'),
      country: source.text('ENTPersonPays'),
    },
    keys: keysOf({ familyName, givenName }),
  }
}
