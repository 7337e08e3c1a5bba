// Functions an indicator may call: what they return depends on their arguments alone. Nothing that reads other data
// (dictGet, joinGet, file), tells of the server (hostName, getSetting, currentUser), waits (sleep), or answers otherwise
// from one call to the next (now, rand): an indicator is given `{now}`.
const plain = new Set(
  `abs accurateCastOrNull age any anyLast any_value argMax argMin array arrayAll arrayAvg arrayCompact arrayConcat arrayCount
  arrayCumSum arrayDifference arrayDistinct arrayElement arrayEnumerate arrayEnumerateUniq arrayExcept arrayExists arrayFill
  arrayFilter arrayFirst arrayFirstIndex arrayFlatten arrayFold arrayIntersect arrayJoin arrayLast arrayLastIndex arrayMap
  arrayMax arrayMin arrayPopBack arrayPopFront arrayProduct arrayPushBack arrayPushFront arrayReduce arrayResize arrayReverse
  arrayReverseFill arrayReverseSort arraySlice arraySort arraySplit arrayStringConcat arraySum arrayUniq arrayWithConstant
  arrayZip assumeNotNull avg avgWeighted
  bitAnd bitOr bitShiftLeft bitShiftRight bitTest boundingRatio cast ceil ceiling char_length clamp coalesce concat
  concatWithSeparator corr count countEqual countSubstrings covarPop covarSamp cume_dist
  date dateDiff date_diff dateAdd dateSub date_add date_sub dateTrunc date_trunc deltaSum denseRank dense_rank divide
  empty emptyArrayDate emptyArrayFloat64 emptyArrayInt64 emptyArrayString endsWith entropy equals exp exp2 exp10
  exponentialMovingAverage extract finalizeAggregation first_value flatten floor formatDateTime fromUnixTimestamp
  fromUnixTimestamp64Milli greater greaterOrEquals greatest groupArray groupArrayMovingAvg groupArrayMovingSum
  groupArraySorted groupBitOr groupUniqArray has hasAll hasAny histogram hypot
  identity if ifNotFinite ifNull indexOf intDiv intDivOrZero intervalLengthSum isFinite isInfinite isNaN isNotNull isNull
  isZeroOrNull kurtPop kurtSamp lag lagInFrame last_value lcase lead leadInFrame least left length lengthUTF8 less
  lessOrEquals ln log log2 log10 lower lowerUTF8 makeDate map mapAdd mapContains mapKeys mapValues match materialize max
  maxIntersections median medianExact mid min minus mod modulo monthName multiIf multiply negate not notEmpty notEquals
  nth_value ntile nullIf nullif or and xor percentRank percent_rank plus pow power positiveModulo position
  quantile quantileExact quantileExactHigh quantileExactInclusive quantileExactLow quantileExactWeighted quantileTDigest
  quantiles quantilesExact quantilesExactInclusive quantilesTDigest range rank rankCorr replaceAll replaceOne retention
  reverse right round roundBankers roundDown row_number rowNumberInAllBlocks runningDifference sequenceCount sequenceMatch
  sign simpleLinearRegression singleValueOrNull skewPop skewSamp sqrt startsWith stddevPop stddevSamp substring
  subtractDays subtractHours subtractMinutes subtractMonths subtractSeconds subtractWeeks subtractYears sum sumCount sumKahan
  sumMap addDays addHours addMinutes addMonths addSeconds addWeeks addYears timeDiff timeSlot toBool toDate toDateTime
  toDateTime64 toDayOfMonth toDayOfWeek toDayOfYear toDecimal64 toFloat32 toFloat64 toFloat64OrNull toHour toISOWeek
  toISOYear toInt8 toInt16 toInt32 toInt64 toInt64OrNull toIntervalDay toIntervalHour toIntervalMinute toIntervalMonth
  toIntervalSecond toIntervalWeek toIntervalYear toLastDayOfMonth toMinute toMonday toMonth toNullable toQuarter
  toRelativeDayNum toRelativeWeekNum toRelativeMonthNum toSecond toStartOfDay toStartOfFifteenMinutes toStartOfHour
  toStartOfISOYear toStartOfInterval toStartOfMinute toStartOfMonth toStartOfQuarter toStartOfWeek toStartOfYear toString
  toTimezone toTimeZone toUInt8 toUInt16 toUInt32 toUInt64 toUnixTimestamp toUnixTimestamp64Milli toWeek toYYYYMM
  toYYYYMMDD toYear topK topKWeighted transform trim trunc truncate tuple tupleElement ucase uniq uniqCombined uniqCombined64
  uniqExact uniqHLL12 untuple upper upperUTF8 varPop varSamp widthBucket windowFunnel`.split(/\s+/),
)

const combinators = /(?:If|Array|Map|Distinct|OrDefault|OrNull|Resample|ForEach|State|Merge|ArgMin|ArgMax)$/

// A few are spelt in any way (`COUNT`, `Coalesce`): the engine knows which.
const anyCase = new Set([...plain].map((name) => name.toLowerCase()))

/** Whether an indicator may call this function, with the combinators of aggregates (`countIf`, `uniqExactArrayIf`). */
export function isFunctionAllowed(name: string): boolean {
  for (let rest = name; ; rest = rest.replace(combinators, '')) {
    if (plain.has(rest) || (rest === name && anyCase.has(rest.toLowerCase()))) return true
    if (!combinators.test(rest)) return false
  }
}
