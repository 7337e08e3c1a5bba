import administration from './fr/administration.json'
import agreements from './fr/agreements.json'
import changes from './fr/changes.json'
import columns from './fr/columns.json'
import coverage from './fr/coverage.json'
import dashboards from './fr/dashboards.json'
import deliverables from './fr/deliverables.json'
import directory from './fr/directory.json'
import federation from './fr/federation.json'
import governance from './fr/governance.json'
import help from './fr/help.json'
import identity from './fr/identity.json'
import imports from './fr/imports.json'
import insight from './fr/insight.json'
import lti from './fr/lti.json'
import matching from './fr/matching.json'
import meetings from './fr/meetings.json'
import money from './fr/money.json'
import portal from './fr/portal.json'
import problems from './fr/problems.json'
import publication from './fr/publication.json'
import quarantine from './fr/quarantine.json'
import records from './fr/records.json'
import rostering from './fr/rostering.json'
import services from './fr/services.json'
import shell from './fr/shell.json'
import sources from './fr/sources.json'
import tour from './fr/tour.json'
import traces from './fr/traces.json'
import votes from './fr/votes.json'
import years from './fr/years.json'

export const fr = {
  administration,
  agreements,
  changes,
  columns,
  coverage,
  dashboards,
  deliverables,
  directory,
  federation,
  governance,
  help,
  identity,
  imports,
  insight,
  lti,
  matching,
  meetings,
  money,
  portal,
  problems,
  publication,
  quarantine,
  records,
  rostering,
  services,
  shell,
  sources,
  tour,
  traces,
  votes,
  years,
}
