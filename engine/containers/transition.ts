import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'
import { type ContainerEvent, next } from './state.ts'

/** Takes one step of a container's life: new state first, then its effects in order. Runs in the container's queue. */
export async function transition(
  context: ContainerContext,
  container: Container,
  event: ContainerEvent,
): Promise<void> {
  const { state, effects } = next(container.state, event)
  void context.registry.setState(container, state)
  for (const effect of effects) await context.runEffect(context, container, effect)
}
