import type { Message, MessagePart } from '../state/view.ts'
import { PlanPart } from './plan-part.tsx'
import { QuestionPart } from './question-part.tsx'
import { Text } from './text.tsx'
import { ThoughtPart } from './thought-part.tsx'
import { ToolPart } from './tool-part.tsx'

export const Part = ({ part, message }: { readonly part: MessagePart; readonly message: Message }) => {
  switch (part.type) {
    case 'text':
      return <Text text={part.text} typed={message.role === 'user'} />
    case 'thought':
      return <ThoughtPart text={part.text} />
    case 'tool':
      return <ToolPart part={part} />
    case 'plan':
      return <PlanPart part={part} />
    case 'question':
      return <QuestionPart part={part} sessionId={message.sessionId} open={message.state === 'streaming'} />
    default:
      return null // a kind of part that this page is too old to know
  }
}
