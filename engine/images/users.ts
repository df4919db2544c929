/** Keeps an image from being removed. `isRunning` is asked when somebody tries. */
export interface ImageUser {
  readonly containerId: string
  readonly isRunning: () => boolean
}

/** Which containers have which image. */
export class ImageUsers {
  readonly #users = new Map<string, Map<string, ImageUser>>()

  add(imageId: string, user: ImageUser): void {
    const users = this.#users.get(imageId) ?? new Map<string, ImageUser>()
    users.set(user.containerId, user)
    this.#users.set(imageId, users)
  }

  remove(imageId: string, containerId: string): void {
    const users = this.#users.get(imageId)
    users?.delete(containerId)
    if (users?.size === 0) this.#users.delete(imageId)
  }

  of(imageId: string): ImageUser[] {
    return [...(this.#users.get(imageId)?.values() ?? [])]
  }
}
