import type { Service } from './project.ts'

type Confinement = Pick<Service, 'capDrop' | 'securityOpt' | 'readOnly' | 'usernsMode'>

/**
 * `x-hardened: true`: no new privileges, no capability but those of `cap_add`, a read-only root, and a user namespace of its own unless the service names
 * one. What the plan shows is what results, field by field.
 */
export function hardened<T extends Confinement>(service: T): T {
  const others = service.securityOpt.filter(option => !/^no-new-privileges(?:[:=]|$)/.test(option))
  return {
    ...service,
    capDrop: ['ALL'],
    securityOpt: [...others, 'no-new-privileges:true'],
    readOnly: true,
    usernsMode: service.usernsMode ?? 'auto',
  }
}
