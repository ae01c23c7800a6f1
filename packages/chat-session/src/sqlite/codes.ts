import type { MessageRole, MessageState } from '../message.ts'

/** Roles by the number that stands for each in a row. The order is part of the schema. */
export const roles: readonly MessageRole[] = ['user', 'bot', 'system']

/** States by the number that stands for each in a row: the first two are open. The order is part of the schema. */
export const states: readonly MessageState[] = ['pending', 'streaming', 'complete', 'failed', 'cancelled']
