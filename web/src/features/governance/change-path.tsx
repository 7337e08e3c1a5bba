import { useTranslation } from 'react-i18next'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Table } from '../../ui/table.tsx'
import { type Change, useNames } from './changes.ts'
import { Cited } from './cited.tsx'

/** The whole way of a change to its vote and to the assembly after it, with the earliest date of each stage. */
export function ChangePath({ path }: { path: Change['path'] }) {
  const { t } = useTranslation('changes')
  const names = useNames()
  const format = useFormat()
  if (path.length === 0) return null
  return (
    <Section hint={t('path.hint')} title={t('path.title')}>
      <Table
        caption={t('path.title')}
        head={
          <tr>
            <th scope="col">{t('path.stage')}</th>
            <th scope="col">{t('path.earliest')}</th>
            <th scope="col">{t('path.article')}</th>
          </tr>
        }
        stacked
      >
        {path.map(({ kind, body, earliest, latest, meetingId, done, article, interpretation }) => (
          <tr key={`${kind} ${body}`}>
            <th scope="row">{t(`path.kinds.${kind}`, { body: body === null ? '' : names.body(body) })}</th>
            <td data-label={t('path.earliest')}>
              <div>
                {done && body === null ? t('path.done') : format.day(earliest)}
                {body !== null && (
                  <span className="tag">
                    {done ? t('path.done') : meetingId === null ? t('path.toPlan') : t('path.planned')}
                  </span>
                )}
                {latest !== null && !done && (
                  <>
                    <br />
                    <span className="small quiet">{t('path.until', { day: format.day(latest) })}</span>
                  </>
                )}
              </div>
            </td>
            <td data-label={t('path.article')}>
              <div>
                <Cited article={article} interpretation={interpretation} />
              </div>
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  )
}
