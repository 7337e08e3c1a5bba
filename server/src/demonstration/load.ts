import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { randomUUIDv7 } from 'node:crypto'
import { listAudit, recordAudit } from '#kernel/audit'
import type { Services } from '#kernel/module'
import { inTenant, type Tx } from '#kernel/postgres'
import { createTenant, listTenants, type Tenant } from '#kernel/tenancy'
import { saveApplication } from '#modules/applications'
import {
  applyImport,
  assignEstablishments,
  createPartner,
  createPerson,
  createTerritory,
  findPeopleByReference,
  listOrganisations,
  stageImport,
} from '#modules/directory'
import {
  createDemonstrationAccounts,
  createPasswordHasher,
  declareProvider,
  grantRight,
  listDemonstrationAccounts,
} from '#modules/identity'
import { applications } from './applications.ts'
import { demonstrationProvider } from './identity-provider.ts'
import { listPartners, listTerritories, personas, type Persona, writeAafFeed } from './index.ts'

/** About a département's rural half: large enough for real lists, small enough to load in seconds. */
const people = 12_000
