import type { RouteObject } from 'react-router'
import { RouteFailure } from './shell/route-failure.tsx'
import { PublicShell, Root, SignedInShell } from './shell/shell.tsx'

/** Every page of the application; each is fetched when it is first opened. */
export const routes: RouteObject[] = [
  {
    Component: Root,
    errorElement: <RouteFailure />,
    HydrateFallback: () => null,
    children: [
      {
        path: 'sign-in',
        lazy: async () => ({ Component: (await import('./features/identity/sign-in-page.tsx')).SignInPage }),
      },
      {
        path: 'sign-in/where',
        lazy: async () => ({ Component: (await import('./features/identity/where-page.tsx')).WherePage }),
      },
      {
        path: 'sign-in/choose',
        lazy: async () => ({
          Component: (await import('./features/identity/choose-person-page.tsx')).ChoosePersonPage,
        }),
      },
      {
        path: 'sign-in/link',
        lazy: async () => ({ Component: (await import('./features/identity/link-page.tsx')).LinkPage }),
      },
      {
        path: 'activate',
        lazy: async () => ({ Component: (await import('./features/identity/activate-page.tsx')).ActivatePage }),
      },
      {
        Component: PublicShell,
        errorElement: <RouteFailure />,
        children: [
          {
            path: 'help',
            lazy: async () => ({ Component: (await import('./features/portal/help-page.tsx')).HelpPage }),
          },
          {
            path: 'decisions/:agreement',
            lazy: async () => ({
              Component: (await import('./features/governance/public-decisions-page.tsx')).PublicDecisionsPage,
            }),
          },
          {
            path: 'decisions/:agreement/:number',
            lazy: async () => ({
              Component: (await import('./features/governance/public-decision-page.tsx')).PublicDecisionPage,
            }),
          },
          {
            path: 'accessibility',
            lazy: async () => ({
              Component: (await import('./features/portal/accessibility-page.tsx')).AccessibilityPage,
            }),
          },
        ],
      },
      {
        Component: SignedInShell,
        errorElement: <RouteFailure />,
        children: [
          {
            errorElement: <RouteFailure />,
            children: [
              {
                index: true,
                lazy: async () => ({ Component: (await import('./features/portal/home-page.tsx')).HomePage }),
              },
              {
                path: 'directory',
                lazy: async () => ({ Component: (await import('./features/directory/search-page.tsx')).SearchPage }),
              },
              {
                path: 'directory/people/:id',
                lazy: async () => ({ Component: (await import('./features/directory/person-page.tsx')).PersonPage }),
              },
              {
                path: 'directory/establishments',
                lazy: async () => ({
                  Component: (await import('./features/directory/establishments-page.tsx')).EstablishmentsPage,
                }),
              },
              {
                path: 'directory/establishments/:id',
                lazy: async () => ({
                  Component: (await import('./features/directory/establishment-page.tsx')).EstablishmentPage,
                }),
              },
              {
                path: 'directory/classes/:id',
                lazy: async () => ({ Component: (await import('./features/directory/class-page.tsx')).ClassPage }),
              },
              {
                path: 'directory/matching',
                lazy: async () => ({
                  Component: (await import('./features/directory/matching-page.tsx')).MatchingPage,
                }),
              },
              {
                path: 'directory/establishments/:id/successions/:startYear',
                lazy: async () => ({
                  Component: (await import('./features/directory/successions-page.tsx')).SuccessionsPage,
                }),
              },
              {
                path: 'administration/years',
                lazy: async () => ({ Component: (await import('./features/directory/years-page.tsx')).YearsPage }),
              },
              {
                path: 'administration/leavers',
                lazy: async () => ({ Component: (await import('./features/directory/leavers-page.tsx')).LeaversPage }),
              },
              {
                path: 'governance',
                lazy: async () => ({
                  Component: (await import('./features/governance/agreements-page.tsx')).AgreementsPage,
                }),
              },
              {
                path: 'governance/:agreement/bodies',
                lazy: async () => ({ Component: (await import('./features/governance/bodies-page.tsx')).BodiesPage }),
              },
              {
                path: 'governance/:agreement/bodies/:body',
                lazy: async () => ({ Component: (await import('./features/governance/body-page.tsx')).BodyPage }),
              },
              {
                path: 'governance/:agreement/meetings/:meeting',
                lazy: async () => ({ Component: (await import('./features/governance/meeting-page.tsx')).MeetingPage }),
              },
              {
                path: 'governance/:agreement/meetings/:meeting/minutes',
                lazy: async () => ({ Component: (await import('./features/governance/minutes-page.tsx')).MinutesPage }),
              },
              {
                path: 'governance/:agreement/meetings/:meeting/votes',
                lazy: async () => ({
                  Component: (await import('./features/governance/meeting-votes-page.tsx')).MeetingVotesPage,
                }),
              },
              {
                path: 'governance/:agreement/ballots/:ballot',
                lazy: async () => ({ Component: (await import('./features/governance/ballot-page.tsx')).BallotPage }),
              },
              {
                path: 'governance/:agreement/what-if',
                lazy: async () => ({ Component: (await import('./features/governance/what-if-page.tsx')).WhatIfPage }),
              },
              {
                path: 'governance/new',
                lazy: async () => ({
                  Component: (await import('./features/governance/agreement-upload-page.tsx')).AgreementUploadPage,
                }),
              },
              {
                path: 'governance/:agreement/deliverables',
                lazy: async () => ({
                  Component: (await import('./features/governance/deliverables/deliverables-page.tsx'))
                    .DeliverablesPage,
                }),
              },
              {
                path: 'governance/:agreement/deliverables/draft',
                lazy: async () => ({
                  Component: (await import('./features/governance/deliverables/list-form-page.tsx')).ListFormPage,
                }),
              },
              {
                path: 'governance/:agreement/deliverables/lists/:number',
                lazy: async () => ({
                  Component: (await import('./features/governance/deliverables/list-version-page.tsx')).ListVersionPage,
                }),
              },
              {
                path: 'governance/:agreement/deliverables/of/:key',
                lazy: async () => ({
                  Component: (await import('./features/governance/deliverables/deliverable-page.tsx')).DeliverablePage,
                }),
              },
              {
                path: 'governance/:agreement/money',
                lazy: async () => ({
                  Component: (await import('./features/governance/money/budget-page.tsx')).BudgetPage,
                }),
              },
              {
                path: 'governance/:agreement/money/part',
                lazy: async () => ({ Component: (await import('./features/governance/money/part-page.tsx')).PartPage }),
              },
              {
                path: 'governance/:agreement/money/orders',
                lazy: async () => ({
                  Component: (await import('./features/governance/money/orders-page.tsx')).OrdersPage,
                }),
              },
              {
                path: 'governance/:agreement/money/bills',
                lazy: async () => ({
                  Component: (await import('./features/governance/money/bills-page.tsx')).BillsPage,
                }),
              },
              {
                path: 'governance/:agreement/money/advances',
                lazy: async () => ({
                  Component: (await import('./features/governance/money/advances-page.tsx')).AdvancesPage,
                }),
              },
              {
                path: 'governance/:agreement/money/staff',
                lazy: async () => ({
                  Component: (await import('./features/governance/money/staff-page.tsx')).StaffPage,
                }),
              },
              {
                path: 'governance/:agreement/money/head-counts',
                lazy: async () => ({
                  Component: (await import('./features/governance/money/head-counts-page.tsx')).HeadCountsPage,
                }),
              },
              {
                path: 'governance/:agreement/money/entries',
                lazy: async () => ({
                  Component: (await import('./features/governance/money/ledger-page.tsx')).LedgerPage,
                }),
              },
              {
                path: 'governance/:agreement',
                lazy: async () => ({
                  Component: (await import('./features/governance/calendar-page.tsx')).CalendarPage,
                }),
              },
              {
                path: 'governance/:agreement/review',
                lazy: async () => ({
                  Component: (await import('./features/governance/yearly-review-page.tsx')).YearlyReviewPage,
                }),
              },
              {
                path: 'governance/:agreement/agreement',
                lazy: async () => ({
                  Component: (await import('./features/governance/agreement-page.tsx')).AgreementPage,
                }),
              },
              {
                path: 'governance/:agreement/agreement/versions',
                lazy: async () => ({
                  Component: (await import('./features/governance/agreement-versions-page.tsx')).AgreementVersionsPage,
                }),
              },
              {
                path: 'governance/:agreement/agreement/amendments',
                lazy: async () => ({
                  Component: (await import('./features/governance/amendments-page.tsx')).AmendmentsPage,
                }),
              },
              {
                path: 'governance/:agreement/agreement/amendments/:number',
                lazy: async () => ({
                  Component: (await import('./features/governance/amendment-page.tsx')).AmendmentPage,
                }),
              },
              {
                path: 'governance/:agreement/agreement/amend',
                lazy: async () => ({
                  Component: (await import('./features/governance/agreement-amend-page.tsx')).AgreementAmendPage,
                }),
              },
              {
                path: 'governance/:agreement/changes',
                lazy: async () => ({
                  Component: (await import('./features/governance/changes-page.tsx')).ChangesPage,
                }),
              },
              {
                path: 'governance/:agreement/changes/of/:id',
                lazy: async () => ({ Component: (await import('./features/governance/change-page.tsx')).ChangePage }),
              },
              {
                path: 'governance/:agreement/changes/crises',
                lazy: async () => ({ Component: (await import('./features/governance/crises-page.tsx')).CrisesPage }),
              },
              {
                path: 'governance/:agreement/services',
                lazy: async () => ({
                  Component: (await import('./features/governance/services/services-page.tsx')).ServicesPage,
                }),
              },
              {
                path: 'governance/:agreement/services/:number',
                lazy: async () => ({
                  Component: (await import('./features/governance/services/service-page.tsx')).ServicePage,
                }),
              },
              {
                path: 'governance/:agreement/services/:number/dossiers/:dossier',
                lazy: async () => ({
                  Component: (await import('./features/governance/services/dossier-page.tsx')).DossierPage,
                }),
              },
              {
                path: 'governance/:agreement/members',
                lazy: async () => ({ Component: (await import('./features/governance/members-page.tsx')).MembersPage }),
              },
              {
                path: 'governance/:agreement/decisions',
                lazy: async () => ({
                  Component: (await import('./features/governance/decisions-page.tsx')).DecisionsPage,
                }),
              },
              {
                path: 'governance/:agreement/decisions/documents',
                lazy: async () => ({
                  Component: (await import('./features/governance/documents-page.tsx')).DocumentsPage,
                }),
              },
              {
                path: 'governance/:agreement/decisions/journal',
                lazy: async () => ({
                  Component: (await import('./features/governance/journal-page.tsx')).JournalPage,
                }),
              },
              {
                path: 'imports',
                lazy: async () => ({ Component: (await import('./features/directory/imports-page.tsx')).ImportsPage }),
              },
              {
                path: 'imports/new',
                lazy: async () => ({
                  Component: (await import('./features/directory/import-upload-page.tsx')).ImportUploadPage,
                }),
              },
              {
                path: 'imports/sources',
                lazy: async () => ({ Component: (await import('./features/directory/sources-page.tsx')).SourcesPage }),
              },
              {
                path: 'imports/services',
                lazy: async () => ({
                  Component: (await import('./features/rostering/connections-page.tsx')).ConnectionsPage,
                }),
              },
              {
                path: 'imports/sources/compare',
                lazy: async () => ({
                  Component: (await import('./features/directory/source-comparison-page.tsx')).SourceComparisonPage,
                }),
              },
              {
                path: 'imports/sources/:id',
                lazy: async () => ({ Component: (await import('./features/directory/source-page.tsx')).SourcePage }),
              },
              {
                path: 'imports/:id/columns',
                lazy: async () => ({
                  Component: (await import('./features/directory/import-columns-page.tsx')).ImportColumnsPage,
                }),
              },
              {
                path: 'imports/:id',
                lazy: async () => ({
                  Component: (await import('./features/directory/import-review-page.tsx')).ImportReviewPage,
                }),
              },
              {
                path: 'status',
                lazy: async () => ({ Component: (await import('./features/insight/status-page.tsx')).StatusPage }),
              },
              {
                path: 'status/sign-in-services',
                lazy: async () => ({
                  Component: (await import('./features/federation/providers-page.tsx')).ProvidersPage,
                }),
              },
              ...['status/sign-in-services/new', 'status/sign-in-services/of/:slug'].map((path) => ({
                path,
                lazy: async () => ({
                  Component: (await import('./features/federation/provider-page.tsx')).ProviderPage,
                }),
              })),
              {
                path: 'administration',
                lazy: async () => ({
                  Component: (await import('./features/identity/administration-page.tsx')).AdministrationPage,
                }),
              },
              {
                path: 'administration/trail',
                lazy: async () => ({ Component: (await import('./features/identity/trail-page.tsx')).TrailPage }),
              },
              {
                path: 'administration/records',
                lazy: async () => ({
                  Component: (await import('./features/records/credentials-page.tsx')).CredentialsPage,
                }),
              },
              {
                path: 'administration/records/forwarding',
                lazy: async () => ({
                  Component: (await import('./features/records/forwardings-page.tsx')).ForwardingsPage,
                }),
              },
              {
                path: 'administration/records/quarantine',
                lazy: async () => ({
                  Component: (await import('./features/records/quarantine-page.tsx')).QuarantinePage,
                }),
              },
              {
                path: 'administration/records/coverage',
                lazy: async () => ({ Component: (await import('./features/insight/coverage-page.tsx')).CoveragePage }),
              },
              {
                path: 'administration/records/quarantine/:id',
                lazy: async () => ({
                  Component: (await import('./features/records/quarantined-page.tsx')).QuarantinedPage,
                }),
              },
              {
                path: 'administration/gar',
                lazy: async () => ({ Component: (await import('./features/rostering/gar-page.tsx')).GarPage }),
              },
              {
                path: 'administration/oneroster',
                lazy: async () => ({ Component: (await import('./features/rostering/clients-page.tsx')).ClientsPage }),
              },
              {
                path: 'administration/:id',
                lazy: async () => ({
                  Component: (await import('./features/identity/managed-accounts-page.tsx')).ManagedAccountsPage,
                }),
              },
              {
                path: 'administration/:id/rights',
                lazy: async () => ({
                  Component: (await import('./features/identity/managed-rights-page.tsx')).ManagedRightsPage,
                }),
              },
              {
                path: 'administration/:id/stays',
                lazy: async () => ({
                  Component: (await import('./features/identity/managed-stays-page.tsx')).ManagedStaysPage,
                }),
              },
              {
                path: 'dashboards',
                lazy: async () => ({
                  Component: (await import('./features/insight/dashboard-page.tsx')).DashboardPage,
                }),
              },
              {
                path: 'dashboards/platforms',
                lazy: async () => ({ Component: (await import('./features/lti/platforms-page.tsx')).PlatformsPage }),
              },
              ...['dashboards/platforms/new', 'dashboards/platforms/of/:id'].map((path) => ({
                path,
                lazy: async () => ({ Component: (await import('./features/lti/platform-page.tsx')).PlatformPage }),
              })),
              {
                path: 'dashboards/identities',
                lazy: async () => ({ Component: (await import('./features/lti/identities-page.tsx')).IdentitiesPage }),
              },
              {
                path: 'dashboards/own',
                lazy: async () => ({ Component: (await import('./features/insight/own-page.tsx')).OwnPage }),
              },
              {
                path: 'dashboards/register',
                lazy: async () => ({ Component: (await import('./features/insight/register-page.tsx')).RegisterPage }),
              },
              {
                path: 'dashboards/erasures',
                lazy: async () => ({ Component: (await import('./features/insight/erasures-page.tsx')).ErasuresPage }),
              },
              {
                path: 'dashboards/erasures/of/:id',
                lazy: async () => ({ Component: (await import('./features/insight/erasures-page.tsx')).ErasurePage }),
              },
              {
                path: 'dashboards/catalogue',
                lazy: async () => ({
                  Component: (await import('./features/insight/catalogue-page.tsx')).CataloguePage,
                }),
              },
              {
                path: 'dashboards/composition',
                lazy: async () => ({
                  Component: (await import('./features/insight/composition-page.tsx')).CompositionPage,
                }),
              },
              {
                path: 'dashboards/programmes',
                lazy: async () => ({
                  Component: (await import('./features/insight/programmes-page.tsx')).ProgrammesPage,
                }),
              },
              {
                path: 'welcome',
                lazy: async () => ({ Component: (await import('./features/identity/welcome-page.tsx')).WelcomePage }),
              },
              {
                path: 'account',
                lazy: async () => ({ Component: (await import('./features/identity/account-page.tsx')).AccountPage }),
              },
              {
                path: '*',
                lazy: async () => ({ Component: (await import('./features/portal/not-found-page.tsx')).NotFoundPage }),
              },
            ],
          },
        ],
      },
    ],
  },
]
