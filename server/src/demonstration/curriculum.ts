/** A subject of the national nomenclature (six digits) and the discipline of the teachers who take it. */
export type Subject = { readonly code: string; readonly label: string; readonly discipline: Discipline }

/** Discipline of recruitment: code and label of `ENTPersonFonctions`, and the two digits of the older attributes. */
export type Discipline = { readonly code: string; readonly label: string; readonly category: string }

/** How a subject is taught: whole class, half-classes, or groups of one language across the classes of a level. */
export type Teaching = { readonly subject: Subject; readonly hours: number; readonly mode: 'class' | 'half' }

/** Module élémentaire de formation: eleven characters, with its labels and statistical code. */
export type Mef = {
  readonly code: string
  readonly label: string
  readonly statistical: string
  readonly level: string
  readonly track: string
}

/** A year of study. */
export type Stage = {
  readonly key: string
  /** How class codes begin: `5` gives `5A`, `2GT` gives `2GT1`. */
  readonly prefix: string
  readonly title: string
  readonly mef: Mef
  /** Age reached in the calendar year the school year begins. */
  readonly age: number
  readonly teachings: readonly Teaching[]
  readonly secondLanguage: boolean
  /** How many speciality subjects each pupil chooses. */
  readonly specialities: number
}

function discipline(code: string, label: string): Discipline {
  return { code, label, category: code.slice(1, 3) }
}

const letters = discipline('L0202', 'LETTRES MODERNES')
const mathematics = discipline('L1300', 'MATHEMATIQUES')
const history = discipline('L1000', 'HISTOIRE GEOGRAPHIE')
const english = discipline('L0422', 'ANGLAIS')
const spanish = discipline('L0426', 'ESPAGNOL')
const german = discipline('L0421', 'ALLEMAND')
const biology = discipline('L1600', 'SCIENCES DE LA VIE ET DE LA TERRE')
const physics = discipline('L1500', 'PHYSIQUE CHIMIE')
const technology = discipline('L1400', 'TECHNOLOGIE')
const sport = discipline('L1900', 'EDUCATION PHYSIQUE ET SPORTIVE')
const art = discipline('L1800', 'ARTS PLASTIQUES')
const music = discipline('L1700', 'EDUCATION MUSICALE')
const philosophy = discipline('L0100', 'PHILOSOPHIE')
const economics = discipline('L1100', 'SCIENCES ECONOMIQUES ET SOCIALES')
const management = discipline('L8010', 'ECONOMIE ET GESTION')
const lettersAndHistory = discipline('P0210', 'LETTRES HISTOIRE GEOGRAPHIE')
const lettersAndEnglish = discipline('P0222', 'LETTRES ANGLAIS')
const mathematicsAndScience = discipline('P1315', 'MATHEMATIQUES SCIENCES PHYSIQUES')
const electricity = discipline('P5200', 'GENIE ELECTRIQUE ELECTROTECHNIQUE')
const trade = discipline('P8013', 'ECONOMIE GESTION COMMERCE')
const health = discipline('P7200', 'BIOTECHNOLOGIES SANTE ENVIRONNEMENT')
const appliedArt = discipline('P6500', 'ARTS APPLIQUES')

function subject(code: string, label: string, taughtBy: Discipline): Subject {
  return { code, label, discipline: taughtBy }
}

const french = subject('020700', 'FRANCAIS', letters)
const maths = subject('061300', 'MATHEMATIQUES', mathematics)
const historyGeography = subject('040600', 'HISTOIRE ET GEOGRAPHIE', history)
const civics = subject('041400', 'EDUCATION CIVIQUE', history)
export const firstLanguage = subject('030201', 'ANGLAIS LV1', english)
const pe = subject('100100', 'EDUCATION PHYSIQUE ET SPORTIVE', sport)
const visualArts = subject('090100', 'ARTS PLASTIQUES', art)
const musicEducation = subject('081300', 'EDUCATION MUSICALE', music)
const lifeScience = subject('062900', 'SCIENCES DE LA VIE ET DE LA TERRE', biology)
const physicalScience = subject('062300', 'PHYSIQUE-CHIMIE', physics)
const tech = subject('070800', 'TECHNOLOGIE', technology)
const classLife = subject('008400', 'VIE DE CLASSE', letters)
const support = subject('006600', 'ACCOMPAGNEMENT PERSONNALISE', letters)
const socialScience = subject('050700', 'SCIENCES ECONOMIQUES ET SOCIALES', economics)
const scienceTeaching = subject('065300', 'ENSEIGNEMENT SCIENTIFIQUE', physics)
const philo = subject('010300', 'PHILOSOPHIE', philosophy)
const law = subject('381000', 'ECONOMIE ET DROIT', management)
const companyManagement = subject('434500', 'MANAGEMENT', management)
const informatics = subject('240500', 'INFORMATIQUE', mathematics)
const proFrench = subject('020700', 'FRANCAIS', lettersAndHistory)
const proHistory = subject('040600', 'HISTOIRE ET GEOGRAPHIE', lettersAndHistory)
const proEnglish = subject('030201', 'ANGLAIS LV1', lettersAndEnglish)
const proMaths = subject('068500', 'MATHEMATIQUES PHYSIQUE-CHIMIE', mathematicsAndScience)
const prevention = subject('312800', 'PREVENTION-SANTE-ENVIRONNEMENT', health)
const proArts = subject('270500', 'ARTS APPLIQUES', appliedArt)
const electrotechnics = subject('230700', 'ELECTROTECHNIQUE', electricity)
const marketing = subject('342900', 'MERCATIQUE', trade)

export const latin = subject('020100', 'LATIN', letters)
export const secondLanguages: readonly { subject: Subject; short: string; share: number }[] = [
  { subject: subject('030602', 'ESPAGNOL LV2', spanish), short: 'ESP', share: 0.74 },
  { subject: subject('030102', 'ALLEMAND LV2', german), short: 'ALL', share: 0.26 },
]
export const specialities: readonly { subject: Subject; short: string }[] = [
  { subject: subject('061400', 'MATHEMATIQUES RENFORCEES', mathematics), short: 'MAT' },
  { subject: subject('069400', 'SCIENCES PHYSIQUES ET CHIMIQUES', physics), short: 'PC' },
  { subject: socialScience, short: 'SES' },
  { subject: subject('042400', 'HISTOIRE MODERNE DE LA FRANCE', history), short: 'HGGSP' },
  { subject: subject('022900', 'LITTERATURE ET CIVILISATION ETRANGERE', english), short: 'LLCE' },
  { subject: subject('060600', 'SCIENCES', biology), short: 'SVT' },
]

function taught(...rows: readonly (readonly [Subject, number, 'half'?])[]): Teaching[] {
  return rows.map(([of, hours, mode]) => ({ subject: of, hours, mode: mode ?? 'class' }))
}

function mef(code: string, label: string, statistical: string, level: string, track = level): Mef {
  return { code, label, statistical, level, track }
}

const sixth = taught(
  [french, 4.5],
  [maths, 4.5],
  [historyGeography, 2.5],
  [civics, 0.5],
  [firstLanguage, 4],
  [pe, 4],
  [visualArts, 1],
  [musicEducation, 1],
  [lifeScience, 2, 'half'],
  [physicalScience, 1, 'half'],
  [tech, 1, 'half'],
  [support, 1],
  [classLife, 0.5],
)
const fifth = taught(
  [french, 4.5],
  [maths, 3.5],
  [historyGeography, 2.5],
  [civics, 0.5],
  [firstLanguage, 3],
  [pe, 3],
  [visualArts, 1],
  [musicEducation, 1],
  [lifeScience, 1.5, 'half'],
  [physicalScience, 1.5, 'half'],
  [tech, 1.5, 'half'],
  [support, 1],
  [classLife, 0.5],
)
const second = taught(
  [french, 4],
  [maths, 4],
  [historyGeography, 3],
  [civics, 0.5],
  [firstLanguage, 3],
  [pe, 2],
  [socialScience, 1.5],
  [physicalScience, 3, 'half'],
  [lifeScience, 1.5, 'half'],
  [informatics, 1.5],
  [support, 1],
  [classLife, 0.5],
)
const first = taught(
  [french, 4],
  [historyGeography, 3],
  [civics, 0.5],
  [firstLanguage, 2.5],
  [pe, 2],
  [scienceTeaching, 2, 'half'],
  [classLife, 0.5],
)
const last = taught(
  [philo, 4],
  [historyGeography, 3],
  [civics, 0.5],
  [firstLanguage, 2],
  [pe, 2],
  [scienceTeaching, 2, 'half'],
  [classLife, 0.5],
)
const managementTrack = taught(
  [french, 3],
  [maths, 3],
  [historyGeography, 1.5],
  [firstLanguage, 2],
  [pe, 2],
  [law, 4],
  [companyManagement, 7, 'half'],
  [classLife, 0.5],
)
function vocational(trades: Subject): Teaching[] {
  return taught(
    [proFrench, 2],
    [proHistory, 1.5],
    [proMaths, 3, 'half'],
    [proEnglish, 2],
    [pe, 2.5],
    [prevention, 1],
    [proArts, 1],
    [trades, 12, 'half'],
  )
}

type StageOptions = { secondLanguage?: boolean; specialities?: number }

function stage(
  key: string,
  prefix: string,
  title: string,
  age: number,
  ofMef: Mef,
  teachings: readonly Teaching[],
  options: StageOptions = {},
): Stage {
  const { secondLanguage = false, specialities: chosen = 0 } = options
  return { key, prefix, title, age, mef: ofMef, teachings, secondLanguage, specialities: chosen }
}

const lv2 = { secondLanguage: true }

/** Years of the collège, youngest first. */
export const lowerStages: readonly Stage[] = [
  stage('6', '6', '6EME', 11, mef('10010012110', '6EME', '21110010012', '6EME'), sixth),
  stage('5', '5', '5EME', 12, mef('10110001110', '5EME', '21120010001', '5EME'), fifth, lv2),
  stage('4', '4', '4EME', 13, mef('10210001110', '4EME', '21150010001', '4EME GENERALE (N.C 4E AES)'), fifth, lv2),
  stage('3', '3', '3EME', 14, mef('10310019110', '3EME', '21160010019', '3EME GENERALE'), fifth, lv2),
]
const secondTitle = '2NDE GENERALE ET TECHNOLOGIQUE'
/** Years of the general and technological lycée, with the share of each in a year group. */
export const generalStages: readonly { stage: Stage; share: number }[] = [
  {
    share: 0.36,
    stage: stage('2', '2GT', '2NDE', 15, mef('20010018110', secondTitle, '22111410018', secondTitle), second, lv2),
  },
  {
    share: 0.24,
    stage: stage(
      '1G',
      '1G',
      '1ERE GENERALE',
      16,
      mef('20110019110', 'PREMIERE GENERALE', '22121110019', 'PREMIERE GENERALE &amp; TECHNO YC BT', '1ERE  GENERALE'),
      first,
      { secondLanguage: true, specialities: 3 },
    ),
  },
  {
    share: 0.09,
    stage: stage(
      '1T',
      '1STMG',
      '1ERE STMG',
      16,
      mef('21131015110', 'PREMIERE STMG', '22122131015', 'PREMIERE GENERALE &amp; TECHNO YC BT', '1ERE  TECHNOLOGIQUE'),
      managementTrack,
      lv2,
    ),
  },
  {
    share: 0.23,
    stage: stage(
      'TG',
      'TG',
      'TERMINALE GENERALE',
      17,
      mef(
        '20210019110',
        'TERMINALE GENERALE',
        '22131110019',
        'TERMINALE GENERALE &amp; TECHNO YC BT',
        'TERMINALE  GENERALE',
      ),
      last,
      { secondLanguage: true, specialities: 2 },
    ),
  },
  {
    share: 0.08,
    stage: stage(
      'TT',
      'TSTMG',
      'TERMINALE STMG',
      17,
      mef(
        '21231015110',
        'TERMINALE STMG',
        '22132131015',
        'TERMINALE GENERALE &amp; TECHNO YC BT',
        'TERMINALE  TECHNOLOGIQUE',
      ),
      managementTrack,
      lv2,
    ),
  },
]
const electricalWork = vocational(electrotechnics)
const shopWork = vocational(marketing)
/** Years of the vocational lycée. */
export const vocationalStages: readonly { stage: Stage; share: number }[] = [
  {
    share: 0.15,
    stage: stage(
      '2PE',
      '2MELEC',
      '2NDE PRO ELECTRICITE',
      15,
      mef('24725506310', '2NDPRO ELECTROTEC. ENERG. EQUIP.COMMUNIC', '23810025506', '2NDE PROFESSIONNELLE'),
      electricalWork,
    ),
  },
  {
    share: 0.15,
    stage: stage(
      '2PC',
      '2MRC',
      '2NDE PRO COMMERCE',
      15,
      mef('24731202310', '2NDPRO COMMERCE', '23810031202', '2NDE PROFESSIONNELLE'),
      shopWork,
    ),
  },
  {
    share: 0.13,
    stage: stage(
      '1PE',
      '1MELEC',
      '1ERE PRO ELECTRICITE',
      16,
      mef('24725506320', '1ERPRO ELECTROTEC. ENERG. EQUIP.COMMUNIC', '23820025506', '1ERE PROFESSIONNELLE'),
      electricalWork,
    ),
  },
  {
    share: 0.13,
    stage: stage(
      '1PC',
      '1MCV',
      '1ERE PRO COMMERCE',
      16,
      mef('24731202320', '1ERPRO COMMERCE', '23820031202', '1ERE PROFESSIONNELLE'),
      shopWork,
    ),
  },
  {
    share: 0.12,
    stage: stage(
      'TPE',
      'TMELEC',
      'TERMINALE PRO ELECTRICITE',
      17,
      mef('24725506330', 'TLEPRO ELECTROTEC. ENERG. EQUIP.COMMUNIC', '23830025506', 'TERMINALE PROFESSIONNELLE'),
      electricalWork,
    ),
  },
  {
    share: 0.12,
    stage: stage(
      'TPC',
      'TMCV',
      'TERMINALE PRO COMMERCE',
      17,
      mef('24731202330', 'TLEPRO COMMERCE', '23830031202', 'TERMINALE PROFESSIONNELLE'),
      shopWork,
    ),
  },
  {
    share: 0.1,
    stage: stage(
      '1CAP',
      '1CAPEL',
      '1ERE ANNEE CAP ELECTRICIEN',
      15,
      mef('24125523210', '1CAP2  PREP.&amp; REAL. OUVRAGES ELECTRIQUES', '23210025523', '1ERE ANNEE DE CAP EN 2 ANS'),
      electricalWork,
    ),
  },
  {
    share: 0.1,
    stage: stage(
      '2CAP',
      '2CAPEL',
      '2EME ANNEE CAP ELECTRICIEN',
      16,
      mef('24125523220', '2CAP2  PREP.&amp; REAL. OUVRAGES ELECTRIQUES', '23220025523', '2EME ANNEE DE CAP EN 2 ANS'),
      electricalWork,
    ),
  },
]

const stages = [...lowerStages, ...[...generalStages, ...vocationalStages].map((entry) => entry.stage)]

/** Every MEF of the feed, one record each. */
export const mefs: readonly Mef[] = stages.map((entry) => entry.mef)

/** Every subject of the feed by code, one record each. */
export const subjects: readonly Subject[] = [
  ...new Map(
    [
      ...stages.flatMap((entry) => entry.teachings.map((teaching) => teaching.subject)),
      latin,
      ...secondLanguages.map((language) => language.subject),
      ...specialities.map((speciality) => speciality.subject),
    ].map((of) => [of.code, of]),
  ).values(),
]
