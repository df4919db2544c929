/** Entry of a standby process (dist/cli/standby.js): what `dist/berth` hands its runs to. */
export { serve } from './standby/serve.ts'
