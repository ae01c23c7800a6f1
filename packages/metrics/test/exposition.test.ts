import { spawnSync } from 'node:child_process'
import { gunzipSync } from 'node:zlib'
import { collect, createProcessSource, createRegistry, exposeMetrics, gather, toOpenMetrics, toPrometheusText, type MetricSource } from '@hivekit/metrics'
import { describe, expect, it } from 'vitest'
import { needs } from './installed.ts'

const source = (families: ReturnType<MetricSource['collect']>): MetricSource => ({ collect: () => families })

const busy = () => {
  const registry = createRegistry({ clock: () => 1_700_000_000_123 })
  const sent = registry.counter({ name: 'sent_bytes_total', help: 'Sent "bytes"\nby \\ path.', unit: 'bytes', labels: ['path'] })
  sent.inc({ path: 'C:\\x "y"\nz' }, 1.5, { trace_id: 'abc' })
  registry.gauge({ name: 'depth', help: 'Depth.', unit: '1' }).set(-Infinity)
  registry.histogram({ name: 'took_seconds', help: 'Took.', unit: 'seconds', buckets: [1, 2.5] }).observe(2, { trace_id: 'def' })
  return registry
}

describe('text formats', () => {
  it('writes Prometheus text, escaping what must be escaped', () => {
    expect(toPrometheusText(busy().collect())).toBe([
      '# HELP sent_bytes_total Sent "bytes"\\nby \\\\ path.',
      '# TYPE sent_bytes_total counter',
      'sent_bytes_total{path="C:\\\\x \\"y\\"\\nz"} 1.5',
      '# HELP depth Depth.',
      '# TYPE depth gauge',
      'depth -Inf',
      '# HELP took_seconds Took.',
      '# TYPE took_seconds histogram',
      'took_seconds_bucket{le="1"} 0',
      'took_seconds_bucket{le="2.5"} 1',
      'took_seconds_bucket{le="+Inf"} 1',
      'took_seconds_sum 2',
      'took_seconds_count 1',
      '',
    ].join('\n'))
  })

  it('writes OpenMetrics with units, canonical borders, exemplars and an end', () => {
    expect(toOpenMetrics(busy().collect())).toBe([
      '# TYPE sent_bytes counter',
      '# UNIT sent_bytes bytes',
      '# HELP sent_bytes Sent \\"bytes\\"\\nby \\\\ path.',
      'sent_bytes_total{path="C:\\\\x \\"y\\"\\nz"} 1.5 # {trace_id="abc"} 1.5 1700000000.123',
      '# TYPE depth gauge',
      '# HELP depth Depth.',
      'depth -Inf',
      '# TYPE took_seconds histogram',
      '# UNIT took_seconds seconds',
      '# HELP took_seconds Took.',
      'took_seconds_bucket{le="1.0"} 0',
      'took_seconds_bucket{le="2.5"} 1 # {trace_id="def"} 2 1700000000.123',
      'took_seconds_bucket{le="+Inf"} 1',
      'took_seconds_sum 2',
      'took_seconds_count 1',
      '# EOF',
      '',
    ].join('\n'))
  })

  it('names a counter the same whether its source wrote _total or a suffix or neither', () => {
    const samples = (suffix?: string) => [{ labels: {}, value: 1, ...(suffix ? { suffix } : {}) }]
    for (const family of [
      { name: 'a', help: 'A.', type: 'counter' as const, samples: samples() },
      { name: 'a_total', help: 'A.', type: 'counter' as const, samples: samples() },
      { name: 'a', help: 'A.', type: 'counter' as const, samples: samples('total') },
    ]) {
      expect(toPrometheusText([family])).toBe('# HELP a_total A.\n# TYPE a_total counter\na_total 1\n')
      expect(toOpenMetrics([family])).toBe('# TYPE a counter\n# HELP a A.\na_total 1\n# EOF\n')
    }
  })

  it.runIf(needs('promtool'))('satisfies promtool, with the whole of a Node process', () => {
    using node = createProcessSource()
    const registry = createRegistry()
    registry.counter({ name: 'sent_bytes_total', help: 'Sent.', unit: 'bytes', labels: ['path'] }).inc({ path: 'C:\\x "y"\nz' }, 1.5)
    registry.histogram({ name: 'took_seconds', help: 'Took.', unit: 'seconds' }).observe(2)
    const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], { input: toPrometheusText(collect([registry, node])), encoding: 'utf8' })
    expect(stdout + stderr).toBe('')
    expect(status).toBe(0)
  })
})

describe('negotiation', () => {
  const typeFor = async (accept?: string) => (await exposeMetrics([], { accept })).headers['content-type']!.split(';')[0]

  it('answers what the scraper prefers', async () => {
    expect(await typeFor()).toBe('text/plain')
    expect(await typeFor('*/*')).toBe('text/plain')
    expect(await typeFor('text/html,application/xhtml+xml,*/*;q=0.8')).toBe('text/plain')
    expect(await typeFor('application/openmetrics-text')).toBe('application/openmetrics-text')
    expect(await typeFor('application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'))
      .toBe('application/openmetrics-text')
    expect(await typeFor('application/openmetrics-text;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.5')).toBe('text/plain')
    expect(await typeFor('application/openmetrics-text;version=2.0.0,text/plain;q=0.5')).toBe('text/plain')
    expect(await typeFor('application/openmetrics-text;q=0,text/plain;q=0.5')).toBe('text/plain')
  })

  it('compresses where that is accepted and worth it', async () => {
    const registry = createRegistry()
    const gauge = registry.gauge({ name: 'depth', help: 'Depth.', unit: '1', labels: ['queue'] })
    for (let i = 0; i < 200; i++) gauge.set({ queue: `q${i}` }, i)
    const plain = await exposeMetrics(registry.collect())
    const small = await exposeMetrics(registry.collect(), { acceptEncoding: 'br;q=1, gzip;q=0.8' })
    expect(small.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(small.body).toString()).toBe(plain.body)
    expect(small.body.length).toBeLessThan(plain.body.length / 4)
    expect((await exposeMetrics(registry.collect(), { acceptEncoding: 'gzip;q=0' })).headers['content-encoding']).toBeUndefined()
    expect((await exposeMetrics([], { acceptEncoding: 'gzip' })).headers['content-encoding']).toBeUndefined()
  })
})

describe('collecting from many', () => {
  const family = (name: string, value: number, labels = {}, type: 'gauge' | 'counter' = 'gauge') =>
    ({ name, help: name, type, samples: [{ labels, value }] })

  it('joins families of one name, keeps the first of two equal series, and adds common labels', () => {
    const joined = collect([
      source([family('a', 1, { x: '1', y: '2' }), family('b_total', 1, {}, 'counter')]),
      source([family('a', 2, { y: '2', x: '1' }), family('a', 3, { x: '2' }), family('b', 4, { z: '1' }, 'counter')]),
    ], { labels: { hive: 'main', x: 'never' } })
    expect(joined.map(f => [f.name, f.samples])).toEqual([
      ['a', [{ labels: { hive: 'main', x: '1', y: '2' }, value: 1 }, { labels: { hive: 'main', x: '2' }, value: 3 }]],
      ['b_total', [{ labels: { hive: 'main', x: 'never' }, value: 1 }, { labels: { hive: 'main', x: 'never', z: '1' }, value: 4 }]],
    ])
  })

  it('loses no more than the source that fails, and says so', async () => {
    const errors: unknown[] = []
    const broken = { collect: () => { throw new Error('down') } }
    const onError = (error: unknown) => errors.push(error)
    const joined = collect([broken, source([family('a', 1)]), source([family('a', 1, {}, 'counter')])], { onError })
    expect(toPrometheusText(joined)).toContain('a 1\n# HELP metrics_collect_faults_total')
    expect(errors.map(String)).toEqual(['Error: down', 'TypeError: The metric "a" is a gauge in one source and a counter in another.'])
    const awaited = await gather([broken, source([family('a', 1)]), { collect: async () => [family('b', 2)] }], { onError })
    expect(awaited.map(f => f.name)).toEqual(['a', 'b', 'metrics_collect_faults_total'])
  })
})

describe('process source', () => {
  it('sees garbage collections and a blocked event loop', async () => {
    using node = createProcessSource()
    const end = performance.now() + 60
    while (performance.now() < end) JSON.parse(JSON.stringify(Array.from({ length: 2000 }, (_, i) => ({ i }))))
    const read = () => toPrometheusText(node.collect())
    let text = read()
    while (!/v8js_gc_duration_seconds_count\{v8js_gc_type="minor"\} [1-9]/.test(text)) {
      await new Promise(resolve => setImmediate(resolve))
      text = read()
    }
    expect(text).toMatch(/^process_resident_memory_bytes \d{7,}$/m)
    expect(text).toMatch(/^nodejs_version_info\{version="v\d+/m)
  })
})
