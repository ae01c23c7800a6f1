const uuid = { type: 'string', pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' }
const time = { type: 'integer', minimum: 0, maximum: 8_640_000_000_000_000 }

/** The JSON Schema (2020-12) of the document that a session is exported to, version 1. */
export const sessionExportSchema: Readonly<Record<string, unknown>> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:hivekit:chat-session:export:1',
  title: 'A chat session',
  type: 'object',
  required: ['format', 'version', 'session', 'messages', 'files'],
  additionalProperties: false,
  properties: {
    format: { const: 'hivekit-chat-session' },
    version: { const: 1 },
    session: {
      type: 'object',
      required: ['id', 'botId', 'title', 'createdAt', 'updatedAt', 'data'],
      additionalProperties: false,
      properties: {
        id: uuid,
        botId: { type: 'string', minLength: 1, maxLength: 200 },
        userId: { type: 'string', minLength: 1, maxLength: 200 },
        title: { type: 'string' },
        createdAt: time,
        updatedAt: time,
        data: { type: 'object' },
      },
    },
    messages: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id', 'seq', 'role', 'parts', 'attachments', 'state', 'version', 'createdAt', 'updatedAt'],
        additionalProperties: false,
        properties: {
          id: uuid,
          seq: { type: 'integer', minimum: 1, description: 'From 1, without gaps, in order.' },
          role: { enum: ['user', 'bot', 'system'] },
          parts: {
            type: 'array',
            items: {
              type: 'object',
              required: ['type'],
              properties: { type: { type: 'string', minLength: 1, maxLength: 100 } },
              if: { properties: { type: { const: 'text' } } },
              // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
              then: { required: ['text'], properties: { text: { type: 'string' } } },
            },
          },
          attachments: {
            type: 'array',
            items: {
              type: 'object',
              required: ['id', 'name', 'mediaType', 'bytes'],
              additionalProperties: false,
              properties: {
                id: { type: 'string', minLength: 1, maxLength: 200 },
                name: { type: 'string', maxLength: 1_000 },
                mediaType: { type: 'string', maxLength: 200 },
                bytes: { type: 'integer', minimum: 0, maximum: 9_007_199_254_740_991 },
                sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
              },
            },
          },
          state: { enum: ['pending', 'streaming', 'complete', 'failed', 'cancelled'] },
          error: {
            type: 'object',
            required: ['code', 'message'],
            additionalProperties: false,
            properties: { code: { type: 'string' }, message: { type: 'string' } },
          },
          version: { type: 'integer', minimum: 1, maximum: 2_147_483_647 },
          createdAt: time,
          updatedAt: time,
        },
      },
    },
    files: {
      type: 'array',
      description: 'The bytes of attachments, by their id.',
      items: {
        type: 'object',
        required: ['id', 'base64'],
        additionalProperties: false,
        properties: { id: { type: 'string', minLength: 1, maxLength: 200 }, base64: { type: 'string', pattern: '^[A-Za-z0-9+/]*={0,2}$' } },
      },
    },
  },
}
