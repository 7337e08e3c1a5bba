import administration from './en/administration.json'
import agreements from './en/agreements.json'
import changes from './en/changes.json'
import columns from './en/columns.json'
import coverage from './en/coverage.json'
import dashboards from './en/dashboards.json'
import deliverables from './en/deliverables.json'
import directory from './en/directory.json'
import federation from './en/federation.json'
import governance from './en/governance.json'
import help from './en/help.json'
import identity from './en/identity.json'
import imports from './en/imports.json'
import insight from './en/insight.json'
import lti from './en/lti.json'
import matching from './en/matching.json'
import meetings from './en/meetings.json'
import money from './en/money.json'
import portal from './en/portal.json'
import problems from './en/problems.json'
import publication from './en/publication.json'
import quarantine from './en/quarantine.json'
import records from './en/records.json'
import rostering from './en/rostering.json'
import services from './en/services.json'
import shell from './en/shell.json'
import sources from './en/sources.json'
import tour from './en/tour.json'
import traces from './en/traces.json'
import votes from './en/votes.json'
import years from './en/years.json'

export const en = {
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
