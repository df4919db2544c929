/** Version of Berth: the command line, the daemon and package.json carry the same one (a unit test compares them). */
export const berthVersion = '0.1.0'
