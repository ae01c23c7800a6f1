import { analyseTrend, cusum, ewma, findChangePoint, findSeasonality, mannKendall, theilSen, type TimeSeries } from '@hivekit/health-score'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createNoise } from './noise.ts'

const minute = 60_000
const hour = 60 * minute
const start = Date.UTC(2026, 0, 5)
const seriesOf = (values: Float64Array, everyMs = minute): TimeSeries => ({ times: values.map((_, i) => start + i * everyMs), values })
const soak = Number(process.env.HIVEKIT_SOAK ?? 1)
const shareOf = (runs: number, hit: (run: number) => boolean) => Array.from({ length: runs }, (_, run) => hit(run)).filter(Boolean).length / runs

describe('what noise is called', () => {
  test.each([[60, 0], [60, 0.3], [60, 0.6], [120, 0], [120, 0.3], [120, 0.6], [120, 0.8], [240, 0.6], [240, 0.8], [240, 0.9]])(
    'AR(1) noise of %d points and autocorrelation %d is called a trend or a shift in at most one series in twenty', (n, phi) => {
      const noise = createNoise(n + phi * 1_000)
      const wrong = shareOf(Math.round(300 * soak), () => {
        const { direction, shift } = analyseTrend(seriesOf(noise.ar1(n, phi)))
        return direction !== 'steady' || shift !== null
      })
      expect(wrong).toBeLessThanOrEqual(0.05)
    })

  test('without the correction the same noise would cry wolf', () => {
    const noise = createNoise(7)
    expect(shareOf(200, () => mannKendall(noise.ar1(120, 0.6)).pValue < 0.05)).toBeGreaterThan(0.2)
  })
})

describe('what is found', () => {
  test.each([[120, 0, 3], [120, 0.3, 3], [120, 0.6, 4], [240, 0.6, 3], [240, 0.8, 4.5], [720, 0.8, 3]])(
    'in %d points of autocorrelation %d a drift of %d standard deviations, in at least nineteen series of twenty', (n, phi, drift) => {
      const noise = createNoise(n * 10 + phi * 1_000)
      const found = shareOf(Math.round(100 * soak), () => analyseTrend(seriesOf(noise.ar1(n, phi).map((value, i) => value - (drift * i) / (n - 1)))).direction === 'falling')
      expect(found).toBeGreaterThanOrEqual(0.95)
    })

  test.each([[120, 0, 3], [240, 0.3, 3], [240, 0.6, 4]])('in %d points of autocorrelation %d a shift of %d in the last fifth, and when it began', (n, phi, size) => {
    const noise = createNoise(n + 1)
    const cut = n * 0.8
    let near = 0
    const found = shareOf(100, () => {
      const { shift } = analyseTrend(seriesOf(noise.ar1(n, phi).map((value, i) => value + (i >= cut ? size : 0))))
      if (shift && Math.abs(shift.at - (start + cut * minute)) <= 8 * minute) near++
      return shift?.direction === 'up'
    })
    expect(found).toBeGreaterThanOrEqual(0.95)
    expect(near).toBeGreaterThanOrEqual(90)
  })

  test('outliers change nothing: one value in five may be anything', () => {
    const noise = createNoise(3)
    const values = noise.ar1(200, 0.3).map((value, i) => (i % 5 === 2 ? 1e6 * noise.uniform() : value + i / 20))
    const { direction, slopePerHour } = analyseTrend(seriesOf(values))
    expect(direction).toBe('rising')
    expect(slopePerHour).toBeGreaterThan(2.5)
    expect(slopePerHour).toBeLessThan(4.5)
  })
})

describe('time to threshold', () => {
  test.each([[120, 0, 4], [240, 0.6, 4], [240, 0.8, 6]])('of %d points of autocorrelation %d, the interval holds the truth at least 95 %% of the time', (n, phi, drift) => {
    const noise = createNoise(n + 5)
    let forecasts = 0
    const kept = shareOf(100, () => {
      const values = noise.ar1(n, phi).map((value, i) => value + (drift * i) / (n - 1))
      const forecast = analyseTrend(seriesOf(values), { threshold: 1.5 * drift }).timeToThreshold
      if (!forecast) return true
      forecasts++
      const truth = 0.5 * (n - 1) * minute
      expect(forecast.ms).toBeGreaterThanOrEqual(forecast.earliestMs)
      if (forecast.latestMs !== null) expect(forecast.ms).toBeLessThanOrEqual(forecast.latestMs)
      return forecast.earliestMs <= truth && truth <= (forecast.latestMs ?? Number.POSITIVE_INFINITY)
    })
    expect(forecasts).toBeGreaterThan(90)
    expect(kept).toBeGreaterThanOrEqual(0.95)
  })

  test('is exact on a clean line, 0 once past, and nothing where it leads away or there is no trend', () => {
    const line = seriesOf(new Float64Array(60).map((_, i) => 100 - i))
    expect(analyseTrend(line, { threshold: 20 }).timeToThreshold).toEqual({ ms: 21 * minute, earliestMs: 21 * minute, latestMs: 21 * minute })
    expect(analyseTrend(line, { threshold: 90 }).timeToThreshold).toEqual({ ms: 0, earliestMs: 0, latestMs: 0 })
    expect(analyseTrend(line, { threshold: 120 }).timeToThreshold).toBeNull()
    expect(analyseTrend(seriesOf(createNoise(1).ar1(60, 0)), { threshold: 20 }).timeToThreshold).toBeNull()
  })
})

describe('the change point', () => {
  test.each([0, 0.5])('of a step amid noise of autocorrelation %d', phi => {
    const noise = createNoise(11)
    const close = shareOf(100, run => {
      const cut = 60 + run
      const began = analyseTrend(seriesOf(noise.ar1(240, phi).map((value, i) => value + (i >= cut ? 4 : 0)))).began
      return began?.kind === 'step' && Math.abs(began.at - (start + cut * minute)) <= 3 * minute && Math.abs(began.after - began.before - 4) < 1.5
    })
    expect(close).toBeGreaterThanOrEqual(0.95)
  })

  test('of a ramp that leaves a level', () => {
    const noise = createNoise(12)
    const close = shareOf(100, run => {
      const cut = 80 + run
      const began = analyseTrend(seriesOf(noise.ar1(240, 0.3).map((value, i) => value + Math.max(0, i - cut) / 6))).began
      return began?.kind === 'ramp' && Math.abs(began.at - (start + cut * minute)) <= 8 * minute
    })
    expect(close).toBeGreaterThanOrEqual(0.95)
  })

  test('of a line is none: it began before', () => {
    const noise = createNoise(13)
    expect(shareOf(100, () => analyseTrend(seriesOf(noise.ar1(240, 0.3).map((value, i) => value + i / 20))).began === null)).toBeGreaterThanOrEqual(0.9)
    expect(findChangePoint(seriesOf(new Float64Array(50).fill(3)))).toBeNull()
  })
})

describe('the hour of the day', () => {
  const daily = (days: number, pattern: (hour: number) => number, noise: Float64Array, slopePerDay = 0) =>
    seriesOf(noise.subarray(0, days * 96).map((value, i) => value + pattern(Math.floor(i / 4) % 24) + (slopePerDay * i) / 96), 15 * minute)

  test('is learnt, taken out, and no trend by itself', () => {
    const noise = createNoise(21)
    let called = 0
    for (let run = 0; run < 30; run++) {
      const { seasonality, direction } = analyseTrend(daily(4, h => (h >= 9 && h < 17 ? 8 : 0), noise.ar1(400, 0.3)))
      expect(seasonality!.days).toBe(4)
      expect(seasonality!.strength).toBeGreaterThan(0.8)
      expect(seasonality!.profile[12]! - seasonality!.profile[3]!).toBeGreaterThan(6)
      if (direction !== 'steady') called++
    }
    expect(called).toBeLessThanOrEqual(2)
  })

  test('does not hide a trend under it', () => {
    const series = daily(4, h => 10 * Math.sin((h / 24) * 2 * Math.PI), createNoise(22).ar1(400, 0.3), 2)
    const { direction, slopePerHour } = analyseTrend(series)
    expect(direction).toBe('rising')
    expect(slopePerHour * 24).toBeCloseTo(2, 0)
  })

  test('is not seen in noise, nor in less than two whole days', () => {
    const noise = createNoise(23)
    expect(shareOf(200, () => (findSeasonality(daily(3, () => 0, noise.ar1(400, 0.5)))?.pValue ?? 1) < 0.05)).toBeLessThanOrEqual(0.08)
    expect(findSeasonality(daily(1, h => h, noise.ar1(400, 0)))).toBeNull()
  })

  test('is the local hour', () => {
    const utc = daily(3, h => (h === 9 ? 50 : 0), new Float64Array(400))
    const { profile } = findSeasonality(utc, { utcOffsetMinutes: 120 })!
    expect(profile.indexOf(Math.max(...profile))).toBe(11)
  })
})

describe('against their definitions', () => {
  const points = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 1e6 }), fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -1e6, max: 1e6, noNaN: true }))), { selector: ([x]) => x, minLength: 3, maxLength: 150 })
    .map(list => list.toSorted(([a], [b]) => a - b))
    .map(list => ({ times: Float64Array.from(list, ([x]) => x), values: Float64Array.from(list, ([, y]) => y) }))
  const pairsOf = <T>(n: number, visit: (i: number, j: number) => T) => Array.from({ length: n }, (_, j) => Array.from({ length: j }, (_, i) => visit(i, j))).flat()

  test('the Theil–Sen slope, and every rank, is that of all pairs', () => {
    fc.assert(fc.property(points, fc.double({ min: 0, max: 1, noNaN: true }), ({ times, values }, rank) => {
      const slopes = Float64Array.from(pairsOf(times.length, (i, j) => (values[j]! - values[i]!) / (times[j]! - times[i]!))).toSorted()
      const middle = slopes.length / 2
      const median = slopes.length % 2 === 1 ? slopes[Math.floor(middle)]! : (slopes[middle - 1]! + slopes[middle]!) / 2
      const line = theilSen({ times, values })
      expect(line.slope).toBeCloseTo(median, 9)
      const place = rank * (slopes.length - 1)
      if (rank !== 0.5) expect(line.slopeAt(rank)).toBeCloseTo(slopes[rank < 0.5 ? Math.floor(place) : Math.ceil(place)]!, 9)
    }), { numRuns: Math.round(300 * soak) })
  })

  test('thousands of points with ties are the same', () => {
    const noise = createNoise(31)
    const values = new Float64Array(1_500).map((_, i) => Math.round(noise.normal() * 2 + i / 500))
    const slopes = Float64Array.from(pairsOf(values.length, (i, j) => (values[j]! - values[i]!) / (j - i))).toSorted()
    const line = theilSen({ times: values.map((_, i) => i), values })
    for (const rank of [0, 0.1, 0.3, 0.49, 0.51, 0.6, 0.999, 1]) {
      const place = rank * (slopes.length - 1)
      expect(line.slopeAt(rank)).toBe(slopes[rank < 0.5 ? Math.floor(place) : Math.ceil(place)])
    }
  })

  test('Mann-Kendall counts every pair, and allows for ties', () => {
    fc.assert(fc.property(points, ({ values }) => {
      const { s, tau } = mannKendall(values)
      const signs = pairsOf(values.length, (i, j) => Math.sign(values[j]! - values[i]!))
      expect(s).toBe(signs.reduce((sum: number, sign) => sum + sign, 0))
      expect(Math.abs(tau)).toBeLessThanOrEqual(1 + 1e-12)
    }))
    // 23 of 28 pairs rise, 4 fall, 1 ties: by hand, Var S = (8·7·21 − 2·1·9)/18.
    const { s, variance } = mannKendall(Float64Array.of(1, 2, 2, 3, 7, 4, 5, 4.5))
    expect([s, variance]).toEqual([19, (8 * 7 * 21 - 18) / 18])
  })

  test('CUSUM gives false alarm on independent noise as seldom as it says, and finds a shift fast', () => {
    const noise = createNoise(32)
    const wrong = shareOf(400, () => cusum(noise.ar1(500, 0), { center: 0, scale: 1 }) !== null)
    expect(wrong).toBeLessThanOrEqual(0.06)
    expect(wrong).toBeGreaterThan(0.005)
    const alarm = cusum(noise.ar1(200, 0).map((value, i) => value + (i >= 150 ? -3 : 0)), { center: 0, scale: 1 })!
    expect(alarm.direction).toBe('down')
    expect(alarm.at).toBeLessThan(156)
    expect(Math.abs(alarm.from - 150)).toBeLessThan(6)
  })

  test('the moving average knows gaps', () => {
    const smooth = ewma({ times: Float64Array.of(0, 60, 180), values: Float64Array.of(0, 100, 0) }, { halfLifeMs: 60 })
    expect([...smooth]).toEqual([0, 50, 12.5])
  })
})

describe('little or strange data', () => {
  test('fewer than twenty points, or a constant, are steady', () => {
    expect(analyseTrend(seriesOf(new Float64Array()))).toMatchObject({ points: 0, level: null, direction: 'steady' })
    expect(analyseTrend(seriesOf(new Float64Array(19).map((_, i) => i)))).toMatchObject({ direction: 'steady', pValue: 1 })
    expect(analyseTrend(seriesOf(new Float64Array(100).fill(7)), { threshold: 9 })).toMatchObject({ direction: 'steady', level: 7, shift: null, began: null, timeToThreshold: null })
  })

  test('a counter in few steps, hours apart or milliseconds apart, gives finite numbers', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(0, 1, 2), { minLength: 20, maxLength: 200 }), fc.constantFrom(1, minute, hour), (values, everyMs) => {
      const trend = analyseTrend(seriesOf(Float64Array.from(values), everyMs), { threshold: 3 })
      for (const number of [trend.level, trend.slopePerHour, ...trend.slopeInterval, trend.pValue, trend.tau, trend.effectivePoints]) expect(number).toSatisfy(Number.isFinite)
      expect(JSON.parse(JSON.stringify(trend))).toEqual(trend)
    }), { numRuns: 100 })
  })

  test('misuse says what was expected and what came', () => {
    const series = seriesOf(new Float64Array(30))
    expect(() => analyseTrend(series, { alpha: 0 })).toThrow(/alpha within 0–1, got 0/)
    expect(() => analyseTrend(series, { halfLifeMs: 0 })).toThrow(/halfLifeMs above 0, got 0/)
    expect(() => theilSen(seriesOf(new Float64Array(1)))).toThrow(/two or more points, got 1/)
    expect(() => mannKendall(new Float64Array(2))).toThrow(/three or more values, got 2/)
    expect(() => cusum(new Float64Array(2), { center: 0, scale: 0 })).toThrow(/scale above 0, got 0/)
  })
})
