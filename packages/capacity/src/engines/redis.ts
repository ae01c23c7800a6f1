import { createRedisConcurrency, type RedisConcurrencyOptions } from '../redis-concurrency.ts'
import { createRedisRate, type RedisRateOptions } from '../redis-rate.ts'

export type { RedisCommands, RedisLimitOptions } from '../redis-commands.ts'
export type { Limit, LimitUsage, PermitOutcome } from '../limit.ts'
export type { RateLimitOptions } from '../rate-limit.ts'
export type { Clock } from '../clock.ts'
export { createRedisConcurrency, createRedisRate, type RedisConcurrencyOptions, type RedisRateOptions }
