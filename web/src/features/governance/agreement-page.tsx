import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { buttonClass } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { type CitedRule, groupByArticle, type Rules, versionQuery } from './agreement.ts'
import { useAgreementWords } from './agreement-words.ts'
import { DeliverableRules, ServiceRules } from './agreement-sections.tsx'
import { Cited } from './cited.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'
import './agreement.css'

/** The agreement in force: its articles with the rules taken from each, its parties, its bodies, their voices. */
export function AgreementPage() {
  const { t } = useTranslation(['agreements', 'governance'])
  const format = useFormat()
  const slug = useAgreementSlug()
  const { data: agreement, error: absent } = useAgreement()
  const {
    data: version,
    error,
    refetch,
  } = useQuery({
    ...versionQuery(slug, agreement?.version ?? 0),
    enabled: agreement !== undefined,
  })
  const failed = absent ?? error
  return (
    <GovernancePage
      actions={
        <>
          <Link className={buttonClass()} to={paths.governanceVersions(slug)}>
            {t('page.versions')}
          </Link>
          {agreement?.manages && (
            <Link className={buttonClass('primary')} to={paths.governanceAmend(slug)}>
              {t('page.edit')}
            </Link>
          )}
        </>
      }
      busy={!version && !failed}
      lead={
        agreement && (
          <p>
            {agreement.title}.{' '}
            {t('governance:version', { version: agreement.version, from: format.day(agreement.validFrom) })}.
          </p>
        )
      }
      title={t('title')}
    >
      {failed && !version && <Failure error={failed} onRetry={() => void refetch()} />}
      {!version && !failed && <SkeletonRows count={8} />}
      {version && (
        <>
          <Notice kind="info">
            <p>{version.rules.numbering}</p>
            <p>{t('page.lead')}</p>
          </Notice>
          <Voices rules={version.rules} />
          <Bodies rules={version.rules} />
          <Parties rules={version.rules} />
          <ServiceRules rules={version.rules} />
          <DeliverableRules rules={version.rules} />
          <Articles rules={version.rules} />
          <div>
            <a
              className={buttonClass('quiet')}
              download={`${slug}-v${version.number}.yaml`}
              href={`data:text/yaml;charset=utf-8,${encodeURIComponent(version.source)}`}
            >
              {t('page.source')}
            </a>
          </div>
        </>
      )}
    </GovernancePage>
  )
}

/** Voices of each body that weighs them, as a plot with its table. */
function Voices({ rules }: { rules: Rules }) {
  const { t } = useTranslation('agreements')
  const format = useFormat()
  return rules.bodies.flatMap(({ key, name, voices }) => {
    if (voices === 'one') return []
    // For the eye alone: verdicts are reckoned on the texts, exactly.
    const lines = Object.entries(voices.of)
      .map(([party, written]) => ({
        party,
        written,
        name: rules.parties.find((each) => each.key === party)?.name ?? party,
        // For the eye alone: verdicts are reckoned on the texts, exactly.
        width: Number(written.replace(',', '.')),
      }))
      .toSorted((a, b) => b.width - a.width)
    const total = lines.reduce((sum, { width }) => sum + width, 0)
    const widest = lines[0]?.width ?? 1
    return [
      <Section
        hint={t('page.voicesSummary', { total: format.oneDigit(total) })}
        key={key}
        title={t('page.voicesTitle', { body: name })}
      >
        <div className="agreement-voices">
          <Table
            caption={t('page.voicesTitle', { body: name })}
            head={
              <tr>
                <th scope="col">{t('page.member')}</th>
                <th scope="col">{t('page.voices')}</th>
              </tr>
            }
          >
            {lines.map((line) => (
              <tr key={line.party}>
                <th scope="row">{line.name}</th>
                <td>
                  <span className="agreement-bar-line">
                    <span
                      aria-hidden="true"
                      className="agreement-bar-mark"
                      style={{ inlineSize: `${(line.width / widest) * 75}%` }}
                    />
                    {format.oneDigit(line.width)}
                  </span>
                </td>
              </tr>
            ))}
          </Table>
        </div>
        <Cited article={voices.article} interpretation={voices.interpretation} />
      </Section>,
    ]
  })
}

function Bodies({ rules }: { rules: Rules }) {
  const { t } = useTranslation('agreements')
  const say = useAgreementWords(rules)
  return (
    <Section title={t('page.bodies')}>
      <div className="agreement-bodies">
        <Table
          caption={t('page.bodies')}
          head={
            <tr>
              <th scope="col">{t('page.body')}</th>
              <th scope="col">{t('page.composition')}</th>
              <th scope="col">{t('page.frequency')}</th>
              <th scope="col">{t('page.quorum')}</th>
            </tr>
          }
          stacked
        >
          {rules.bodies.map(({ key, name, kind, composition, frequency, quorum, article, interpretation }) => (
            <tr key={key}>
              <th scope="row">
                {name}
                <span className="agreement-below quiet small">{say.value(kind)}</span>
                <Cited article={article} interpretation={interpretation} />
              </th>
              <td data-label={t('page.composition')}>
                <span>
                  {say.value(composition.parties)}
                  {composition.mostPersonsPerParty !== null && (
                    <strong className="agreement-below">
                      {t('page.mostPersons', { count: composition.mostPersonsPerParty })}
                    </strong>
                  )}
                  <Cited article={composition.article} interpretation={composition.interpretation} />
                </span>
              </td>
              <td data-label={t('page.frequency')}>
                {frequency ? (
                  <span>
                    {t('page.often', { number: frequency.atLeast, per: say.value(frequency.per) })}
                    <Cited article={frequency.article} interpretation={frequency.interpretation} />
                  </span>
                ) : (
                  <span className="quiet">{t('page.onDemand')}</span>
                )}
              </td>
              <td data-label={t('page.quorum')}>
                {quorum ? (
                  <span>
                    {quorum.conditions.map((condition) => (
                      <span className="agreement-below" key={condition.of}>
                        {say.value(condition)}
                      </span>
                    ))}
                    <Cited article={quorum.article} interpretation={quorum.interpretation} />
                  </span>
                ) : (
                  <span className="quiet">{t('page.noQuorum')}</span>
                )}
              </td>
            </tr>
          ))}
        </Table>
      </div>
    </Section>
  )
}

function Parties({ rules }: { rules: Rules }) {
  const { t } = useTranslation(['agreements', 'governance'])
  return (
    <Section title={t('page.parties')}>
      <Table
        caption={t('page.parties')}
        head={
          <tr>
            <th scope="col">{t('page.party')}</th>
            <th scope="col">{t('page.roles')}</th>
          </tr>
        }
      >
        {rules.parties.map(({ key, name, roles, interpretation }) => (
          <tr key={key}>
            <th scope="row">{name}</th>
            <td>
              {roles.map((role) => t(`governance:roles.${role}`)).join(', ')}
              {interpretation && (
                <p className="quiet small">{t('governance:interpretation', { text: interpretation })}</p>
              )}
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  )
}

function Articles({ rules }: { rules: Rules }) {
  const { t } = useTranslation(['agreements', 'governance'])
  const groups = groupByArticle(rules)
  return (
    <Section title={t('page.articles')}>
      {rules.articles.map(({ number, title, text }) => (
        <article className="agreement-article" id={`article-${number}`} key={number}>
          <div className="stack stack-tight">
            <h3>
              {t('governance:article', { number })}. {title}
            </h3>
            <p>{text}</p>
          </div>
          <RulesTaken rules={rules} taken={groups.get(number) ?? []} />
        </article>
      ))}
    </Section>
  )
}

function RulesTaken({ taken, rules }: { taken: CitedRule[]; rules: Rules }) {
  const { t } = useTranslation('agreements')
  if (taken.length === 0) return <p className="quiet small">{t('page.noRules')}</p>
  return (
    <details>
      <summary className="agreement-summary">{t('page.rules', { count: taken.length })}</summary>
      <div className="stack stack-tight">
        {taken.map((rule, index) => (
          <RuleCard key={`${rule.path.join('.')} ${index}`} rule={rule} rules={rules} />
        ))}
      </div>
    </details>
  )
}

function RuleCard({ rule, rules }: { rule: CitedRule; rules: Rules }) {
  const { t } = useTranslation(['agreements', 'governance'])
  const say = useAgreementWords(rules)
  const inner = rule.path.filter(
    (each, index) =>
      !['bodies', 'ballots', 'sharing', 'money', 'membership'].includes(each) && !(each === 'review' && index === 0),
  )
  return (
    <div className="agreement-rule">
      <p className="agreement-rule-name">{[rule.name, ...inner.map(say.field)].filter(Boolean).join(' › ')}</p>
      {rule.says.length > 0 && (
        <dl>
          {rule.says.map(({ field, value }) => (
            <div key={field}>
              <dt>{say.field(field)}</dt>
              <dd>{say.value(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {rule.interpretation && (
        <p className="quiet small">{t('governance:interpretation', { text: rule.interpretation })}</p>
      )}
    </div>
  )
}
